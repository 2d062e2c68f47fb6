import { escapeControls, printable } from "../../model/printable.ts";

export { printable };

/** Reports what the program is doing, in a line for people. */
export type Say = (line: string) => void;

/** Writes a line to the standard output. */
export function printLine(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

/** Writes a line to the standard error output. */
export function printError(line: string): void {
  // deno-lint-ignore no-console
  console.error(line);
}

/** Writes a value to the standard output as indented JSON. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** A value as one line of JSON without control characters. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}

/**
 * Writes to the standard output, for commands that run until their reader closes it.
 *
 * @returns Whether it was written; false if the reader has closed the pipe.
 */
export async function writeOut(text: string): Promise<boolean> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return false;
    throw error;
  }
}

/** A number with a noun in the singular or plural, for example `1 server`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Rows of text in aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows.map((row) => row.map(printable))];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => [...(row[column] ?? "")].length))
  );
  return all.map((row) =>
    row.map((cell, column) => cell + " ".repeat(widths[column]! - [...cell].length)).join("  ")
      .trimEnd()
  ).join("\n");
}
