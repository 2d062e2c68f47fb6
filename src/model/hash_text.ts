/**
 * Hashes a text, with the same result on every machine and at every start: FNV-1a over UTF-16 code
 * units with MurmurHash3's finalizer, so that a change of one character changes every bit.
 *
 * It is not cryptographic: collisions are easy to find.
 *
 * @param text The text.
 * @param from The index at which to begin.
 * @param seed Another seed gives an unrelated hash.
 * @returns 32 bits, −2³¹ to 2³¹ − 1.
 */
export function hashText(text: string, from = 0, seed = 0x811c9dc5): number {
  let hash = seed | 0;
  for (let i = from; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
