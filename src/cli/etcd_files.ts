import type { EtcdSettings } from "../../mod.ts";
import type { JoinOptions } from "../../etcd.ts";
import { CommandError } from "./errors.ts";
import { whyUnreadable } from "./read_config.ts";

/**
 * Reads the files by which etcd is spoken to.
 *
 * @param settings Where they are.
 * @throws {CommandError} If one cannot be read. What it says is not in the message.
 */
export async function readEtcdFiles(
  { user, passwordFile, caFile, certFile, keyFile }: EtcdSettings,
): Promise<Pick<JoinOptions, "user" | "ca" | "certificate">> {
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

async function read(path: string | undefined, what: string): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new CommandError(`Cannot read ${what} ${path}: ${whyUnreadable(error)}`);
  }
}
