/**
 * Characters that control a terminal, break a line or reorder text: the controls C0, DEL and C1, the
 * line and paragraph separators, and the marks of the bidirectional algorithm (Unicode UAX #9).
 */
const DRIVING =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Escapes every such character as JSON does: `\u001b`. JSON text without line breaks keeps its value.
 *
 * @param text The text.
 */
export function escapeControls(text: string): string {
  return text.replace(DRIVING, escaped);
}

/**
 * Replaces every such character, so that a server's name cannot control a terminal.
 *
 * @param text The text.
 */
export function printable(text: string): string {
  return text.replace(DRIVING, "\ufffd");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
