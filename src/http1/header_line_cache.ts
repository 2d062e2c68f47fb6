import { latin1Text } from "./latin1.ts";

/** The number of cached lines; a power of two. */
const PLACES = 1024;
/** The longest line that is cached, in bytes. */
const LENGTH_MAX = 256;

const LF = 0x0a;

/**
 * Parses header lines and caches the results.
 *
 * Servers send the same lines again and again (`server: …`, `content-type: …`, the date of this
 * second). A hit costs a hash and a comparison of the line's bytes, and makes no garbage.
 */
export class HeaderLineCache<T> {
  readonly #parse: (line: string) => T;
  readonly #parsed: (T | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #lengths = new Uint16Array(PLACES);
  /** The bytes of the cached lines, at multiples of {@linkcode LENGTH_MAX}. */
  readonly #bytes = new Uint8Array(PLACES * LENGTH_MAX);
  /** The hash of the line that {@linkcode findEnd} found last. */
  #hash = 0;

  /** @param parse Parses a line; its exceptions are not cached. */
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

  /** The parsed form of the line that {@linkcode findEnd} has just found, without its CR LF. */
  read(bytes: Uint8Array, from: number, lf: number): T {
    const end = lf - 1;
    const hash = this.#hash;
    const place = (hash ^ (hash >>> 16)) & (PLACES - 1);
    const length = end - from;
    const parsed = this.#parsed[place];
    if (
      parsed !== undefined && this.#lengths[place] === length &&
      this.#isCached(place, bytes, from)
    ) return parsed;
    return this.#parseAndCache(place, bytes.subarray(from, end));
  }

  #isCached(place: number, bytes: Uint8Array, from: number): boolean {
    const cached = this.#bytes;
    const offset = place * LENGTH_MAX;
    const length = this.#lengths[place]!;
    for (let i = 0; i < length; i++) if (cached[offset + i] !== bytes[from + i]) return false;
    return true;
  }

  #parseAndCache(place: number, line: Uint8Array): T {
    const parsed = this.#parse(latin1Text(line, 0, line.length));
    if (line.length <= LENGTH_MAX) {
      this.#parsed[place] = parsed;
      this.#lengths[place] = line.length;
      this.#bytes.set(line, place * LENGTH_MAX);
    }
    return parsed;
  }
}
