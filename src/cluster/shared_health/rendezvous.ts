import { hashText } from "../../model/hash_text.ts";

const SECOND_SEED = 0x9e3779b9;

/** Two hashes of a text: among thousands of texts, two may well have the same first one. */
export interface TextHash {
  /** One of them. */
  readonly first: number;
  /** The other. */
  readonly second: number;
}

/** The hashes of a text, the same on every machine. */
export function textHash(text: string): TextHash {
  return { first: hashText(text), second: hashText(text, 0, SECOND_SEED) };
}

/** A hash as text, 16 characters. */
export function hashDigits({ first, second }: TextHash): string {
  return [first, second].map((hash) => (hash >>> 0).toString(16).padStart(8, "0")).join("");
}

/**
 * Says which member of a set each server belongs to, by rendezvous hashing (highest random weight):
 * of each server and each member a score is computed, and the member with the highest one has the
 * server. So the servers are spread evenly, and every balancer that knows the same members comes to
 * the same answer by itself. Where a member leaves, only its servers go to others; where one comes,
 * servers go to it alone.
 */
export class Rendezvous {
  readonly #ids: readonly string[];
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  /** @param ids The members, in any order. */
  constructor(ids: Iterable<string>) {
    this.#ids = [...new Set(ids)].sort();
    const hashes = this.#ids.map(textHash);
    this.#first = Int32Array.from(hashes, ({ first }) => first);
    this.#second = Int32Array.from(hashes, ({ second }) => second);
  }

  /** The member that has a server; undefined where there is no member. */
  pick(server: TextHash): string | undefined {
    let best = -1;
    let chosen = -1;
    // With thousands of servers and a hundred members, this is the place where time goes.
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
