/** What a terminal shows in two columns. There may be more; what is narrower than thought fits. */
const WIDE = new RegExp(
  "[\\p{Script=Han}\\p{Script=Hangul}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Yi}" +
    "\\p{Emoji_Presentation}\\u3000-\\u303e\\u3200-\\u33ff\\uff01-\\uff60\\uffe0-\\uffe6]",
  "u",
);
/** What it shows together with the character before. */
const COMBINING = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** What is among those, and takes a column or makes the character before wider. */
const NOT_COMBINING = /[\u00ad\ufe0f]/;

/** How many columns of a terminal a text takes. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/**
 * A text that takes so many columns at most; where it is cut, it ends with "…".
 *
 * @param text The text, without control characters.
 * @param width The columns, 0 or more.
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
 * A text that takes exactly so many columns.
 *
 * @param text The text, without control characters.
 * @param width The columns.
 * @param right Whether the text is at the right. Default: false.
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
