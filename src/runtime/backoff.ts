/** The first pause between two tries, and the longest, in milliseconds. */
const FIRST_MS = 100;
const LONGEST_MS = 1000;

/**
 * How long to wait before the next try. It doubles with each failure, up to a second: whoever comes
 * back is to be in step soon. A part of it is by chance, so that many balancers do not come at once.
 *
 * @param failures How many tries have failed in a row, at least 1.
 * @param random A number from 0 up to, but without, 1.
 * @returns Milliseconds.
 */
export function backoff(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}
