import { escapeControls, printable } from "../../model/printable.ts";

export { printable };

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

/** Writes a value as JSON, for programs. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, null, 2));
}

/** A value as one line of JSON, in which nothing can drive a terminal. */
export function jsonLine(value: unknown): string {
  return escapeControls(JSON.stringify(value));
}

/**
 * Writes to the standard output, for commands that go on until nobody reads them any more.
 *
 * @param text What to write.
 * @returns Whether somebody still reads it.
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

/**
 * Rows of text in aligned columns.
 *
 * @param header The columns' names.
 * @param rows The rows, each with as many cells as there are columns.
 */
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
