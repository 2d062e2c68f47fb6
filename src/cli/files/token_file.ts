import { tokenFault } from "../../admin/token_check.ts";
import { errorText } from "../../model/error_text.ts";
import type { ValueFlag } from "../command_line.ts";
import { CommandError } from "../errors.ts";

/** The flag that says where the token of the admin API is. */
export const TOKEN_FLAG: Readonly<Record<"api-token-file", ValueFlag>> = {
  "api-token-file": {
    value: "FILE",
    help: "a file with the token of the admin API (default none)",
  },
};

/**
 * Reads a token. Whitespace around it does not count, so that an editor's last newline does no harm.
 *
 * @param path Where it is.
 * @throws {CommandError} If it cannot be read, or is none. What the file says is not in the message.
 */
export async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    const bytes = await Deno.readFile(path);
    token = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
  } catch (error) {
    throw new CommandError(`Cannot read the API token file ${path}: ${whyUnreadable(error)}`);
  }
  const fault = token === "" ? "the file is empty" : tokenFault(token);
  if (fault === undefined) return token;
  throw new CommandError(
    `Cannot use the API token file ${path}: ${token === "" ? fault : `the token ${fault}`}. ` +
      "Make one: openssl rand -hex 32",
  );
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotCapable) return "start with --allow-read";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not read it";
  if (error instanceof TypeError) return "it is not UTF-8 text";
  return errorText(error);
}
