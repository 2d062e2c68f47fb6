import { hashText } from "../../model/hash_text.ts";

const SECOND_SEED = 0x9e3779b9;

/** Two hashes of a text: among thousands of texts, two may well share the first one. */
export interface TextHash {
  /** The first hash. */
  readonly first: number;
  /** The second hash. */
  readonly second: number;
}

/** Hashes a text; the same on every machine. */
export function textHash(text: string): TextHash {
  return { first: hashText(text), second: hashText(text, 0, SECOND_SEED) };
}

/** Formats hashes as 16 hexadecimal digits. */
export function hashDigits({ first, second }: TextHash): string {
  return [first, second].map((hash) => (hash >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * Assigns servers to members by rendezvous hashing (highest random weight): the member with the
 * highest score for a server gets it. This spreads servers evenly, and balancers that know the same
 * members agree without communication. When a member leaves, only its servers move; when one joins,
 * servers move only to it.
 */
export class Rendezvous {
  readonly #ids: readonly string[];
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  /** @param ids IDs of the members, in any order. */
  constructor(ids: Iterable<string>) {
    this.#ids = [...new Set(ids)].sort();
    const hashes = this.#ids.map(textHash);
    this.#first = Int32Array.from(hashes, ({ first }) => first);
    this.#second = Int32Array.from(hashes, ({ second }) => second);
  }

  /** The member for a server; undefined if there are no members. */
  pick(server: TextHash): string | undefined {
    let best = -1;
    let chosen = -1;
    // Hot loop: thousands of servers times a hundred members.
    for (let i = 0; i < this.#first.length; i++) {
      let hash = server.first ^ this.#first[i]!;
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) ^ server.second ^ this.#second[i]!;
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
      const score = (hash ^ (hash >>> 16)) >>> 0;
      if (score <= best) continue;
      best = score;
      chosen = i;
    }
    return this.#ids[chosen];
  }
}
