import { tokenFault } from "../../admin/token_check.ts";
import type { Config } from "../../config/config.ts";
import { type Sticky, STICKY_SECRET_MIN_LENGTH } from "../../model/settings.ts";
import type { ValueFlag } from "../command_line.ts";
import { CommandError } from "../errors.ts";
import { readTextFile } from "./text_file.ts";

/** The flag with the file of the admin API's token. */
export const TOKEN_FLAG: Readonly<Record<"api-token-file", ValueFlag>> = {
  "api-token-file": { value: "FILE", help: "file with the admin API's token (default none)" },
};

/**
 * Reads the token of the admin API. White space around it, such as an editor's final newline, is
 * ignored.
 *
 * @throws {CommandError} If it cannot be read, or is no token. The message quotes none of its text.
 */
export async function readToken(path: string): Promise<string> {
  const token = (await readTextFile(path, "the API token file")).trim();
  const fault = token === "" ? undefined : tokenFault(token);
  if (token !== "" && fault === undefined) return token;
  throw new CommandError(
    `Cannot use the API token file ${path}: ` +
      `${token === "" ? "the file is empty" : `the token ${fault}`}. ` +
      "Generate one: openssl rand -hex 32",
  );
}

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
