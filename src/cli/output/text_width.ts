/** Characters that are two columns wide. Where in doubt a character counts as wide, so that it fits. */
const WIDE = new RegExp(
  "[\\p{Script=Han}\\p{Script=Hangul}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Yi}" +
    "\\p{Emoji_Presentation}\\u3000-\\u303e\\u3200-\\u33ff\\uff01-\\uff60\\uffe0-\\uffe6]",
  "u",
);
/** Characters that take no column. */
const COMBINING = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Exceptions: they take a column, or make the character before them wider. */
const NOT_COMBINING = /[\u00ad\ufe0f]/;

/** The width of a text in terminal columns. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/**
 * Shortens a text to a width. A shortened text ends with "…".
 *
 * @param text The text, without control characters.
 * @param width The width in columns, 0 or more.
 */
export function fit(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let fitting = "";
  let left = width - 1;
  for (const character of text) {
    left -= characterWidth(character);
    if (left < 0) break;
    fitting += character;
  }
  return width < 1 ? "" : `${fitting}…`;
}

/**
 * Shortens or pads a text to a width.
 *
 * @param text The text, without control characters.
 * @param right Whether to align right. Default: false.
 */
export function pad(text: string, width: number, right = false): string {
  const fitting = fit(text, width);
  const space = " ".repeat(width - textWidth(fitting));
  return right ? space + fitting : fitting + space;
}

function characterWidth(character: string): number {
  if (character < "\u0300") return 1;
  if (COMBINING.test(character) && !NOT_COMBINING.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
