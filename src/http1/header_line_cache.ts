import { latin1Text } from "./latin1.ts";

/** How many lines are remembered; a power of two. */
const PLACES = 1024;
/** The longest line that is remembered, in bytes. */
const LENGTH_MAX = 256;

const LF = 0x0a;

/**
 * Reads lines, and remembers what they mean.
 *
 * Servers send the same lines again and again (`server: …`, `content-type: …`, the date of this
 * second). A line that is known costs a hash and a comparison of its bytes, and makes no garbage.
 */
export class HeaderLineCache<T> {
  readonly #parse: (line: string) => T;
  /** What the line in each place means. */
  readonly #meanings: (T | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #lengths = new Uint16Array(PLACES);
  /** The bytes of the line in each place, one place behind the other. */
  readonly #bytes = new Uint8Array(PLACES * LENGTH_MAX);
  /** Of the line that was looked for last. */
  #hash = 0;

  /** @param parse What a line means; what it throws is not remembered. */
  constructor(parse: (line: string) => T) {
    this.#parse = parse;
  }

  /** The index of the LF that ends the line which begins at `from`, or -1 if it has not arrived. */
  findEnd(bytes: Uint8Array, from: number, to: number): number {
    let hash = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i]!;
      if (byte === LF) {
        this.#hash = hash;
        return i;
      }
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return -1;
  }

  /** What the line that {@linkcode findEnd} has just found means, without its CR LF. */
  read(bytes: Uint8Array, from: number, lf: number): T {
    const end = lf - 1;
    const hash = this.#hash;
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
    const length = end - from;
    const meaning = this.#meanings[place];
    if (
      meaning !== undefined && this.#lengths[place] === length &&
      this.#isKnown(place, bytes, from)
    ) return meaning;
    return this.#learn(place, bytes.subarray(from, end));
  }

  #isKnown(place: number, bytes: Uint8Array, from: number): boolean {
    const known = this.#bytes;
    const offset = place * LENGTH_MAX;
    const length = this.#lengths[place]!;
    for (let i = 0; i < length; i++) if (known[offset + i] !== bytes[from + i]) return false;
    return true;
  }

  #learn(place: number, line: Uint8Array): T {
    const meaning = this.#parse(latin1Text(line, 0, line.length));
    if (line.length <= LENGTH_MAX) {
      this.#meanings[place] = meaning;
      this.#lengths[place] = line.length;
      this.#bytes.set(line, place * LENGTH_MAX);
    }
    return meaning;
  }
}
