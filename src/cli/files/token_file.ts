import { tokenFault } from "../../admin/token_check.ts";
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
