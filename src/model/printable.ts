/**
 * What drives a terminal, breaks a line or reorders text: the controls C0, DEL and C1, the line and
 * paragraph separators, and the marks of the bidirectional algorithm (Unicode UAX #9).
 */
const DRIVING =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text in which every character that drives a terminal or breaks a line is written out, as JSON
 * does it: `\u001b`. A JSON text without line breaks stays one, with the same value.
 *
 * @param text The text.
 */
export function escapeControls(text: string): string {
  return text.replace(DRIVING, escaped);
}

/**
 * Text in which every such character is replaced: what a server is called must not drive a terminal.
 *
 * @param text The text.
 */
export function printable(text: string): string {
  return text.replace(DRIVING, "\ufffd");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
