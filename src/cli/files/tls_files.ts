import { getLogger } from "@logtape/logtape";
import type { Config } from "../../config/config.ts";
import {
  type Certificate,
  checkAuthorities,
  checkCertificate,
} from "../../fronts/web/certificate.ts";
import type { Listener } from "../../fronts/web/listener.ts";
import { errorText } from "../../model/error_text.ts";
import { BalancerError, type Fault } from "../../model/errors.ts";
import type { UpstreamTls } from "../../model/settings.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Say } from "../output/print.ts";
import { readAll, readTextFile } from "./text_file.ts";

const logger = getLogger(["ballast", "listen"]);

/** Paths of the files for TLS with clients. */
export type TlsFiles = NonNullable<Config["tls"]>;

/** The flags with the files for TLS with clients. */
export const TLS_FLAGS: Readonly<Record<"tls-cert" | "tls-key", ValueFlag>> = {
  "tls-cert": {
    value: "FILE",
    help: "certificate chain (PEM) for accepting requests over TLS; reloaded on SIGHUP",
  },
  "tls-key": { value: "FILE", help: "private key of the certificate (PEM)" },
};

/**
 * Reads the flags for TLS with clients.
 *
 * @throws {UsageError} If only one of the two files is given.
 */
export function readTlsFlags(args: Args): TlsFiles | undefined {
  const cert = args.text("tls-cert");
  const key = args.text("tls-key");
  if (cert === undefined && key === undefined) return undefined;
  if (key === undefined) throw new UsageError("--tls-cert needs --tls-key, the certificate's key");
  if (cert === undefined) throw new UsageError("--tls-key needs --tls-cert, the key's certificate");
  return { cert, key };
}

/**
 * Reads a certificate and its key, and checks that they match.
 *
 * @throws {CommandError} If a file cannot be read or used.
 */
export async function readTlsFiles(files: TlsFiles): Promise<Certificate> {
  const [cert, key] = await readAll<[string, string]>([
    readTextFile(files.cert, "the certificate"),
    readTextFile(files.key, "the private key"),
  ]);
  try {
    checkCertificate({ cert, key });
  } catch (error) {
    const fault = faultOf(error);
    const name = fault.path === "key"
      ? `the private key ${files.key}`
      : `the certificate ${files.cert}`;
    throw new CommandError(`Cannot use ${name}: it ${fault.message}`);
  }
  return { cert, key };
}

/**
 * Reads the settings of TLS with the servers.
 *
 * @throws {CommandError} If the file with the certificate authorities cannot be read or used.
 */
export async function readUpstreamTls(
  settings: NonNullable<Config["upstreamTls"]> = {},
): Promise<UpstreamTls> {
  const { caFile, serverName } = settings;
  const name = serverName === undefined ? {} : { serverName };
  if (caFile === undefined) return name;
  const caCerts = [await readTextFile(caFile, "the ca_file")];
  try {
    checkAuthorities(caCerts);
  } catch (error) {
    throw new CommandError(`Cannot use the ca_file ${caFile}: it ${faultOf(error).message}`);
  }
  return { ...name, caCerts };
}

/**
 * Reloads the certificate of a listener. If the files cannot be used, the old certificate stays in
 * use and the log says why. Never rejects.
 */
export async function reloadCertificate(
  listener: Listener,
  files: TlsFiles,
  say: Say,
): Promise<void> {
  try {
    await listener.replaceCertificate?.(await readTlsFiles(files));
    say(`Reloaded the certificate ${files.cert}; new connections use it`);
  } catch (error) {
    const why = errorText(error);
    logger.error("Cannot reload the certificate; the old one stays in use: {why}", { why });
  }
}

function faultOf(error: unknown): Fault {
  if (error instanceof BalancerError && error.faults[0] !== undefined) return error.faults[0];
  throw error;
}
