import type { Config } from "../../config/config.ts";
import { errorText } from "../../model/error_text.ts";
import { type Sticky, STICKY_SECRET_MIN_LENGTH } from "../../model/settings.ts";
import { CommandError } from "../errors.ts";

/**
 * Reads how sessions are sticky. Without a file for it, the secret is a new one: cookies are good
 * until the program ends, and for no other balancer.
 *
 * @param config What the configuration says of it.
 * @returns The setting; undefined where sessions are not sticky.
 * @throws {CommandError} If the file cannot be read or used, or is there for nothing.
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
  let secret: string;
  try {
    const bytes = await Deno.readFile(path);
    secret = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch (error) {
    throw new CommandError(`Cannot read the secret ${path}: ${whyUnreadable(error)}`);
  }
  if (secret.length >= STICKY_SECRET_MIN_LENGTH) return secret;
  throw new CommandError(
    `Cannot use the secret ${path}: it has ${secret.length} characters and needs at least ` +
      `${STICKY_SECRET_MIN_LENGTH}; openssl rand -hex 32 makes a good one`,
  );
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) return "start with --allow-read";
  if (error instanceof TypeError) return "it is not UTF-8 text";
  return errorText(error);
}
