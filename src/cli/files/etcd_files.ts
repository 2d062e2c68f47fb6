import { getLogger } from "@logtape/logtape";
import type { EtcdCredentials, JoinedCluster } from "../../cluster/mod.ts";
import type { EtcdSettings } from "../../config/config.ts";
import { errorText } from "../../model/error_text.ts";
import type { Say } from "../output/print.ts";
import { readAll, readTextFile } from "./text_file.ts";

const logger = getLogger(["ballast", "listen"]);

/** The parts of the credentials, as the log names them. */
const NAMES: Readonly<Record<keyof EtcdCredentials, string>> = {
  user: "password",
  ca: "certificate authority",
  certificate: "certificate",
};

/** Whether the settings name any credential files. */
export function hasEtcdFiles({ passwordFile, caFile, certFile }: EtcdSettings): boolean {
  return [passwordFile, caFile, certFile].some((path) => path !== undefined);
}

/**
 * Reads the credentials for etcd.
 *
 * @throws {CommandError} If a file cannot be read. The message quotes none of its text.
 */
export async function readEtcdFiles(
  { user, passwordFile, caFile, certFile, keyFile }: EtcdSettings,
): Promise<EtcdCredentials> {
  const [password, ca, cert, key] = await readAll<(string | undefined)[]>([
    readIfNamed(passwordFile, "the password for etcd"),
    readIfNamed(caFile, "the certificate authority of etcd"),
    readIfNamed(certFile, "the certificate for etcd"),
    readIfNamed(keyFile, "the private key for etcd"),
  ]);
  return {
    // An editor's final newline is not part of the password.
    ...(user === undefined || password === undefined
      ? {}
      : { user: { name: user, password: password.trim() } }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { certificate: { cert, key } }),
  };
}

async function readIfNamed(path: string | undefined, what: string): Promise<string | undefined> {
  return path === undefined ? undefined : await readTextFile(path, what);
}

/** Reloads the credentials for etcd from their files. */
export class EtcdFilesReload {
  readonly #settings: EtcdSettings;
  readonly #shared: JoinedCluster;
  readonly #say: Say;
  #used: EtcdCredentials;

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
   * Reads the files again. If they cannot be used, the old credentials stay in use and the log says
   * why. Never rejects.
   */
  async reload(): Promise<void> {
    if (!hasEtcdFiles(this.#settings)) return;
    try {
      const read = await readEtcdFiles(this.#settings);
      const parts = Object.keys(NAMES) as (keyof EtcdCredentials)[];
      const changed = parts.filter((part) =>
        JSON.stringify(read[part]) !== JSON.stringify(this.#used[part])
      ).map((part) => NAMES[part]);
      if (changed.length > 0) await this.#shared.setCredentials(read);
      this.#used = read;
      const news = changed.length === 0 ? "no changes" : `new ${changed.join(" and ")}`;
      this.#say(`Reloaded the credentials for etcd: ${news}`);
    } catch (error) {
      const why = errorText(error);
      logger.error(
        "Cannot reload the credentials for etcd; the old ones stay in use: {why}. " +
          "Fix the file and send SIGHUP again",
        { why },
      );
    }
  }
}
