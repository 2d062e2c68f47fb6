import type { DiscoveredAddress } from "../model/discovery.ts";
import type { LookupOutcome } from "./dns_lookup.ts";

/** The shortest time between two lookups, in seconds, even for answers with a lower TTL. */
const SHORTEST = 1;
/** The longest time between two lookups, in seconds, even for answers with a higher TTL. */
const LONGEST = 300;
/** Seconds between two lookups while DNS answers that there are no addresses. */
const EMPTY = 5;
/** How many seconds DNS must answer so before the servers are removed (HAProxy's `hold nx`). */
const EMPTY_HOLD = 30;
/** How many such answers that takes. */
const EMPTY_ANSWERS = 3;
/** The longest pause after a failed lookup, in seconds. */
const LONGEST_BACKOFF = 30;

/** The state of a source's lookups. */
export interface LookupState {
  /** Its addresses. */
  readonly found: readonly DiscoveredAddress[];
  /** Why the latest lookup failed, for people; undefined if it did not. */
  readonly error: string | undefined;
  /** The number of failed lookups in a row. */
  readonly failures: number;
  /** The number of empty answers in a row, and the time of the first. */
  readonly empty: { readonly answers: number; readonly since: number } | undefined;
}

/** The state before the first lookup. */
export const INITIAL_STATE: LookupState = Object.freeze({
  found: [],
  error: undefined,
  failures: 0,
  empty: undefined,
});

/**
 * The state after a lookup, and when the next one is due.
 *
 * Addresses that are missing in an answer are removed at once. An empty answer removes them only when
 * it has been repeated for a while, as it is more often a mistake than the truth; a failed lookup
 * changes nothing.
 *
 * @param before The state before the lookup.
 * @param outcome The outcome of the lookup.
 * @param now The time in milliseconds.
 * @returns The new state, and in how many seconds to look up again.
 */
export function afterLookup(
  before: LookupState,
  outcome: LookupOutcome,
  now: number,
): { state: LookupState; wait: number } {
  switch (outcome.type) {
    case "found": {
      const { found, ttl, problem } = outcome;
      // Unanswered questions are asked again soon.
      const longest = problem === undefined ? LONGEST : EMPTY;
      return {
        state: { ...INITIAL_STATE, found, error: problem },
        wait: Math.min(Math.max(ttl, SHORTEST), longest),
      };
    }
    case "empty": {
      const { answers, since } = before.empty ?? { answers: 0, since: now };
      const empty = { answers: answers + 1, since };
      const isBelieved = empty.answers >= EMPTY_ANSWERS && now - since >= EMPTY_HOLD * 1000;
      const found = isBelieved ? [] : before.found;
      return { state: { found, error: outcome.why, failures: 0, empty }, wait: EMPTY };
    }
    case "failed": {
      const failures = before.failures + 1;
      return {
        state: { ...before, error: outcome.why, failures },
        wait: Math.min(2 ** (failures - 1), LONGEST_BACKOFF),
      };
    }
  }
}
