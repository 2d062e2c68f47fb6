/** How much is read ahead in large pieces, in bytes: for 96 clients that keep up at a time. */
export const READ_AHEAD_BYTES = 3_145_728;

/**
 * How much of responses may be read in large pieces before their clients have taken them, all
 * clients of a thread together. It bounds the memory that clients can hold by standing still, while
 * those that keep up, which hold their part for a moment only, get the fewest reads.
 */
export class ReadAhead {
  #left: number;

  /** @param bytes How much at most, in bytes. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes a part, in bytes; false where so much is not left. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Releases a part. */
  release(bytes: number): void {
    this.#left += bytes;
  }
}
