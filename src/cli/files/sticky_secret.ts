import type { Config } from "../../config/config.ts";
import { type Sticky, STICKY_SECRET_MIN_LENGTH } from "../../model/settings.ts";
import { CommandError } from "../errors.ts";
import { readTextFile } from "./text_file.ts";

/**
 * Reads the settings of sticky sessions. Without a file, the secret is a new one: its cookies are
 * valid until the program ends, and for no other balancer.
 *
 * @returns The settings; undefined if sessions are not sticky.
 * @throws {CommandError} If the file cannot be read or used, or sessions are not sticky.
 */
export async function readSticky(
  { sticky, stickySecretFile: path }: Pick<Config, "sticky" | "stickySecretFile">,
): Promise<Sticky | undefined> {
  if (sticky === undefined) {
    if (path === undefined) return undefined;
    throw new CommandError(
      "Cannot use sticky_secret_file: sessions are not sticky; add sticky: cookie",
    );
  }
  // A version 4 UUID has 122 random bits.
  return { secret: path === undefined ? crypto.randomUUID() : await readSecret(path) };
}

async function readSecret(path: string): Promise<string> {
  const secret = (await readTextFile(path, "the secret")).trim();
  if (secret.length >= STICKY_SECRET_MIN_LENGTH) return secret;
  throw new CommandError(
    `Cannot use the secret ${path}: it has ${secret.length} characters; at least ` +
      `${STICKY_SECRET_MIN_LENGTH} are required. Generate one: openssl rand -hex 32`,
  );
}
