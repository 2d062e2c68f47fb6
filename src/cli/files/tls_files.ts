import { getLogger } from "@logtape/logtape";
import type { Config } from "../../config/config.ts";
import {
  type Certificate,
  checkAuthorities,
  checkCertificate,
} from "../../fronts/web/certificate.ts";
import type { Listener } from "../../fronts/web/listener.ts";
import { errorText } from "../../model/error_text.ts";
import { BalancerError } from "../../model/errors.ts";
import type { UpstreamTls } from "../../model/settings.ts";
import type { Args, ValueFlag } from "../command_line.ts";
import { CommandError, UsageError } from "../errors.ts";
import type { Say } from "../listen/logs.ts";
import { whyUnreadable } from "./config_file.ts";

const logger = getLogger(["ballast", "listen"]);

/** The files by which requests are accepted over TLS. */
export interface TlsFiles {
  /** The path of the certificate chain. */
  readonly cert: string;
  /** The path of its private key. */
  readonly key: string;
}

/** The flags that name them. */
export const TLS_FLAGS: Readonly<Record<"tls-cert" | "tls-key", ValueFlag>> = {
  "tls-cert": {
    value: "FILE",
    help: "accept requests over TLS, with this certificate chain (PEM); SIGHUP reads it again",
  },
  "tls-key": { value: "FILE", help: "the certificate's private key (PEM)" },
};

/**
 * What the command line says of TLS.
 *
 * @throws {UsageError} If it names only one of the two files.
 */
export function readTlsFlags(args: Args): TlsFiles | undefined {
  const cert = args.text("tls-cert");
  const key = args.text("tls-key");
  if (cert === undefined && key === undefined) return undefined;
  if (key === undefined) throw new UsageError("--tls-cert needs --tls-key, the file with its key");
  if (cert === undefined) {
    throw new UsageError("--tls-key needs --tls-cert, the certificate's file");
  }
  return { cert, key };
}

/**
 * Reads a certificate and its key, and checks that they fit.
 *
 * @param files Where they are.
 * @throws {CommandError} If a file cannot be read or used.
 */
export async function readTlsFiles(files: TlsFiles): Promise<Certificate> {
  // One after the other, so that of two that cannot be read it is always the same that is named.
  const cert = await readPem(files.cert, "the certificate");
  const key = await readPem(files.key, "the private key");
  try {
    checkCertificate({ cert, key });
  } catch (error) {
    const fault = faultOf(error);
    const [what, path] = fault.path === "key"
      ? ["the private key", files.key]
      : ["the certificate", files.cert];
    throw new CommandError(`Cannot use ${what} ${path}: it ${fault.message}`);
  }
  return { cert, key };
}

/**
 * Reads what a configuration says of TLS to the servers.
 *
 * @param settings What the configuration says.
 * @throws {CommandError} If the file with the authorities cannot be read or used.
 */
export async function readUpstreamTls(
  settings: NonNullable<Config["upstreamTls"]> = {},
): Promise<UpstreamTls> {
  const { caFile, serverName } = settings;
  const name = serverName === undefined ? {} : { serverName };
  if (caFile === undefined) return name;
  const caCerts = [await readPem(caFile, "the ca_file")];
  try {
    checkAuthorities(caCerts);
  } catch (error) {
    throw new CommandError(`Cannot use the ca_file ${caFile}: it ${faultOf(error).message}`);
  }
  return { ...name, caCerts };
}

/**
 * Reads the files again and lets a listener use them. Where that cannot be done, the old certificate
 * stays in use and the log says why. Never rejects.
 *
 * @param listener What speaks TLS.
 * @param files Where the certificate and key are.
 * @param say What tells people that it was done.
 */
export async function reloadCertificate(
  listener: Listener,
  files: TlsFiles,
  say: Say,
): Promise<void> {
  try {
    await listener.replaceCertificate?.(await readTlsFiles(files));
    say(`New connections get the certificate that is in ${files.cert} now`);
  } catch (error) {
    const why = errorText(error);
    logger.error("The certificate was not reloaded, the old one stays in use: {why}", { why });
  }
}

async function readPem(path: string, what: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new CommandError(`Cannot read ${what} ${path}: ${whyUnreadable(error)}`);
  }
}

function faultOf(error: unknown): { readonly path: string; readonly message: string } {
  if (error instanceof BalancerError && error.faults[0] !== undefined) return error.faults[0];
  throw error;
}
