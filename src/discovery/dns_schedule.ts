import type { FoundAddress } from "../model/discovery.ts";
import type { LookupOutcome } from "./dns_lookup.ts";

/** The shortest time between two lookups, in seconds: for answers that hold for less, or not at all. */
const SHORTEST = 1;
/** The longest time between two lookups, in seconds, however long an answer holds. */
const LONGEST = 300;
/** Seconds between two lookups while DNS says that there are no addresses. */
const EMPTY = 5;
/** For how many seconds DNS has to say so until it is believed (HAProxy's `hold nx`). */
const EMPTY_HOLD = 30;
/** How often it has to say so. */
const EMPTY_ANSWERS = 3;
/** The longest time between two lookups that fail, in seconds. */
const LONGEST_BACKOFF = 30;

/** What is known of an entry. */
export interface Knowledge {
  /** Its addresses. */
  readonly found: readonly FoundAddress[];
  /** What is wrong with the latest lookup, for people; undefined where nothing is. */
  readonly error: string | undefined;
  /** How many lookups in a row have failed. */
  readonly failures: number;
  /** How many answers since the last address were that there is none, and when the first came. */
  readonly empty: { readonly answers: number; readonly since: number } | undefined;
}

/** What is known before the first lookup. */
export const NOTHING_KNOWN: Knowledge = Object.freeze({
  found: [],
  error: undefined,
  failures: 0,
  empty: undefined,
});

/**
 * What is known after a lookup, and when the next one is due.
 *
 * Addresses that an answer does not have any more are gone at once. That there is none at all is
 * believed when DNS has said so for a while, as it is more often a mistake than the truth; a lookup
 * that fails changes nothing.
 *
 * @param before What was known.
 * @param outcome What the lookup came to.
 * @param now The time in milliseconds.
 * @returns What is known, and in how many seconds to look up again.
 */
export function learn(
  before: Knowledge,
  outcome: LookupOutcome,
  now: number,
): { knowledge: Knowledge; wait: number } {
  switch (outcome.type) {
    case "found": {
      const { found, ttl, problem } = outcome;
      // What could not be asked for is asked for again soon.
      const longest = problem === undefined ? LONGEST : EMPTY;
      return {
        knowledge: { ...NOTHING_KNOWN, found, error: problem },
        wait: Math.min(Math.max(ttl, SHORTEST), longest),
      };
    }
    case "empty": {
      const { answers, since } = before.empty ?? { answers: 0, since: now };
      const empty = { answers: answers + 1, since };
      const isBelieved = empty.answers >= EMPTY_ANSWERS && now - since >= EMPTY_HOLD * 1000;
      const found = isBelieved ? [] : before.found;
      return { knowledge: { found, error: outcome.why, failures: 0, empty }, wait: EMPTY };
    }
    case "failed": {
      const failures = before.failures + 1;
      return {
        knowledge: { ...before, error: outcome.why, failures },
        wait: Math.min(2 ** (failures - 1), LONGEST_BACKOFF),
      };
    }
  }
}
