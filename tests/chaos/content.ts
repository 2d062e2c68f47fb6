import { SeededRandom } from "./random.ts";

/** The most bytes that one piece of content has, and the offsets there are. */
export const CONTENT_MAX = 1_048_576;

/** The text from which all content is cut, so that it can be sent as text or as bytes. */
const block = makeBlock();

/** Content that follows from two numbers, so that both ends know it without telling each other. */
export function contentAt(offset: number, size: number): Uint8Array<ArrayBuffer> {
  return block.subarray(offset, offset + size);
}

/** Whether these are the same bytes. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

function makeBlock(): Uint8Array<ArrayBuffer> {
  const random = new SeededRandom(1);
  const bytes = new Uint8Array(2 * CONTENT_MAX);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.between(0x20, 0x7e);
  return bytes;
}
