/** Writes a line to the terminal. */
export function printLine(line = ""): void {
  // deno-lint-ignore no-console
  console.log(line);
}

/** Writes a line about something that went wrong. */
export function printError(line: string): void {
  // deno-lint-ignore no-console
  console.error(line);
}
