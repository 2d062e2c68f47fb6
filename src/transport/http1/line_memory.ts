import { latin1Text } from "./latin1.ts";

/** How many lines are remembered; a power of two. */
const PLACES = 1024;
/** The longest line that is remembered, in bytes. */
const LENGTH_MAX = 256;

const LF = 0x0a;

interface Known<T> {
  readonly bytes: Uint8Array;
  readonly meaning: T;
}

/**
 * Reads lines, and remembers what they mean.
 *
 * Servers send the same lines again and again (`server: …`, `content-type: …`, the date of this
 * second). A line that is known costs a hash and a comparison of its bytes, and makes no garbage.
 */
export class LineMemory<T> {
  readonly #parse: (line: string) => T;
  readonly #known: (Known<T> | undefined)[] = new Array(PLACES).fill(undefined);
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
    const known = this.#known[place];
    if (known?.bytes.length === end - from && isAt(known.bytes, bytes, from)) return known.meaning;
    const meaning = this.#parse(latin1Text(bytes, from, end));
    if (end - from <= LENGTH_MAX) this.#known[place] = { bytes: bytes.slice(from, end), meaning };
    return meaning;
  }
}

function isAt(known: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[from + i]) return false;
  return true;
}
