// Heads are bytes, and strings made of them have one character per byte (ISO 8859-1).
// `TextDecoder("latin1")` does not do that: it is windows-1252.

const encoder = new TextEncoder();
/** A number of arguments that is far from the stack's limit. */
const ARGUMENTS_MAX = 4096;

/**
 * Writes a text as bytes, one per character.
 *
 * @param text The text; characters up to U+00FF.
 * @param into The destination, at least as long as the text.
 */
export function encodeLatin1(text: string, into: Uint8Array): void {
  // In UTF-8, a character above 0x7F takes two bytes: as many bytes as characters are all ASCII.
  const { read, written } = encoder.encodeInto(text, into);
  if (read === text.length && written === text.length) return;
  for (let i = 0; i < text.length; i++) into[i] = text.charCodeAt(i);
}

/** The bytes of a text, one per character. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  encodeLatin1(text, bytes);
  return bytes;
}

/** The text of some bytes, one character per byte. */
export function latin1Text(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at += ARGUMENTS_MAX) {
    const piece = bytes.subarray(at, Math.min(at + ARGUMENTS_MAX, to));
    // Twice as fast as a spread, which goes through the iterator.
    text += Reflect.apply(String.fromCharCode, undefined, piece);
  }
  return text;
}
