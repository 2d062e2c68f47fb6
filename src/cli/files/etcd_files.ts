import { getLogger } from "@logtape/logtape";
import type { EtcdCredentials, JoinedCluster } from "../../cluster/mod.ts";
import type { EtcdSettings } from "../../config/config.ts";
import { errorText } from "../../model/error_text.ts";
import { CommandError } from "../errors.ts";
import type { Say } from "../listen/logs.ts";
import { whyUnreadable } from "./config_file.ts";

const logger = getLogger(["ballast", "listen"]);

/** What the parts of the credentials are called, for people. */
const NAMES: Readonly<Record<keyof EtcdCredentials, string>> = {
  user: "the password",
  ca: "the authority",
  certificate: "the certificate",
};

/** Whether there are files by which etcd is spoken to. */
export function hasEtcdFiles({ passwordFile, caFile, certFile }: EtcdSettings): boolean {
  return [passwordFile, caFile, certFile].some((path) => path !== undefined);
}

/**
 * Reads the files by which etcd is spoken to.
 *
 * @param settings Where they are.
 * @throws {CommandError} If one cannot be read. What it says is not in the message.
 */
export async function readEtcdFiles(
  { user, passwordFile, caFile, certFile, keyFile }: EtcdSettings,
): Promise<EtcdCredentials> {
  const [password, ca, cert, key] = await Promise.all([
    read(passwordFile, "the password of etcd"),
    read(caFile, "the authority of etcd"),
    read(certFile, "the certificate for etcd"),
    read(keyFile, "the private key for etcd"),
  ]);
  return {
    ...(user === undefined || password === undefined
      ? {}
      // An editor's last newline does no harm.
      : { user: { name: user, password: password.trim() } }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
  };
}

/** Lets a balancer use what the files say by which etcd is spoken to, whenever they are read again. */
export class EtcdFilesReload {
  readonly #settings: EtcdSettings;
  readonly #shared: JoinedCluster;
  readonly #say: Say;
  #used: EtcdCredentials;

  /**
   * @param settings Where the files are.
   * @param used What they said when the balancer was started.
   * @param parts What uses it, and what tells people that it does.
   */
  constructor(
    settings: EtcdSettings,
    used: EtcdCredentials,
    { shared, say }: { readonly shared: JoinedCluster; readonly say: Say },
  ) {
    this.#settings = settings;
    this.#used = used;
    this.#shared = shared;
    this.#say = say;
  }

  /**
   * Reads the files again. Where what they say cannot be used, the log says why, and what was used
   * before stays in use. Never rejects.
   */
  async reload(): Promise<void> {
    if (!hasEtcdFiles(this.#settings)) return;
    try {
      const read = await readEtcdFiles(this.#settings);
      const parts = Object.keys(NAMES) as (keyof EtcdCredentials)[];
      const changed = parts.filter((part) => differs(read[part], this.#used[part]))
        .map((part) => NAMES[part]);
      if (changed.length > 0) await this.#shared.setCredentials(read);
      this.#used = read;
      const news = changed.length === 0
        ? "nothing is different"
        : `${changed.join(" and ")} changed, and requests to etcd use that from now on`;
      this.#say(`Read the files for etcd again: ${news}`);
    } catch (error) {
      const why = errorText(error);
      logger.error(
        "The files for etcd were not reloaded, what they said before stays in use: {why}. " +
          "Correct that, and send SIGHUP again",
        { why },
      );
    }
  }
}

function differs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

async function read(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new CommandError(`Cannot read ${what} ${path}: ${whyUnreadable(error)}`);
  }
}
