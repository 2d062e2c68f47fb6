const UNPRINTABLE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

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
  return JSON.stringify(value).replace(
    UNPRINTABLE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
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

/**
 * Text with its control characters replaced: what a server is called must not drive a terminal. Those
 * that end a line or turn the direction of the text are among them.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, "\ufffd");
}
