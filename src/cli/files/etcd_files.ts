import { getLogger } from "@logtape/logtape";
import type { EtcdCredentials, JoinedCluster } from "../../cluster/mod.ts";
import type { EtcdSettings } from "../../config/config.ts";
import { errorText } from "../../model/error_text.ts";
import type { Reload } from "../../runtime/signals.ts";
import type { Say } from "../output/print.ts";
import { readAll, readTextFile } from "./text_file.ts";

const logger = getLogger(["ballast", "listen"]);

/** The parts of the credentials, as the log names them. */
const NAMES: Readonly<Record<keyof EtcdCredentials, string>> = {
  user: "password",
  ca: "CA certificate",
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
    readIfNamed(passwordFile, "etcd's password"),
    readIfNamed(caFile, "etcd's CA certificate"),
    readIfNamed(certFile, "etcd's client certificate"),
    readIfNamed(keyFile, "etcd's client key"),
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

/**
 * Makes the action of SIGHUP that reloads the credentials for etcd. If the files cannot be used, the
 * old credentials stay in use and the log says why.
 *
 * @param used The credentials in use.
 */
export function reloadEtcdFiles(
  settings: EtcdSettings,
  used: EtcdCredentials,
  { shared, say }: { readonly shared: JoinedCluster; readonly say: Say },
): Reload {
  return async () => {
    if (!hasEtcdFiles(settings)) return;
    try {
      const read = await readEtcdFiles(settings);
      const parts = Object.keys(NAMES) as (keyof EtcdCredentials)[];
      const changed = parts
        .filter((part) => JSON.stringify(read[part]) !== JSON.stringify(used[part]))
        .map((part) => NAMES[part]);
      if (changed.length > 0) await shared.setCredentials(read);
      used = read;
      const news = changed.length === 0 ? "no changes" : `new ${changed.join(" and ")}`;
      say(`Reloaded the credentials for etcd: ${news}`);
    } catch (error) {
      logger.error(
        "Cannot reload the credentials for etcd; the old ones stay in use: {why}. " +
          "Fix the file and send SIGHUP again",
        { why: errorText(error) },
      );
    }
  };
}
