import { errorText } from "../../model/error_text.ts";
import { CommandError } from "../errors.ts";

/**
 * Reads a text file.
 *
 * @param what A name for the file in the message, for example `the certificate`.
 * @throws {CommandError} If it cannot be read, or is not UTF-8. The message quotes none of its text.
 */
export async function readTextFile(path: string, what: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (error) {
    throw new CommandError(`Cannot read ${what} ${path}: ${whyUnreadable(error)}`);
  }
}

function whyUnreadable(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotCapable) return "no read permission; start with --allow-read";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof TypeError) return "it is not UTF-8 text";
  return errorText(error);
}

/**
 * Waits for several reads, and reports every one that fails.
 *
 * @throws {CommandError} If any of them fails, with the messages of all that do.
 */
export async function readAll<Texts extends readonly unknown[]>(
  reads: { readonly [Index in keyof Texts]: Promise<Texts[Index]> },
): Promise<Texts> {
  const results = await Promise.allSettled(reads);
  const errors = results.filter((result) => result.status === "rejected")
    .map(({ reason }) => reason);
  const unexpected = errors.find((error) => !(error instanceof CommandError));
  if (unexpected !== undefined) throw unexpected;
  if (errors.length > 0) throw new CommandError(errors.map(errorText).join("; "));
  return await Promise.all(reads) as unknown as Texts;
}
