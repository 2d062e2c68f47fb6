import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import type { Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";
import { compareLoads, loadNote, loadText } from "./load.ts";
import { CumulativeWeights } from "./cumulative_weights.ts";

/**
 * Picks the less loaded of two candidates that are drawn at random by weight (the power of two
 * choices, as HAProxy's `random(2)` and nginx's `random two least_conn`), so that several balancers,
 * each of which sees only its own requests, do not all pick the same server.
 *
 * As with least connections, the load is 0 without an active request, else `(active + 1) / weight`;
 * the first one drawn wins a tie. Requests that come one at a time are therefore spread by weight,
 * where `1 / weight` would send all of them to the heavier server.
 */
export class RandomTwoChoices implements Policy {
  readonly #random: () => number;
  readonly #weights = new CumulativeWeights();
  /** Slots that the last pick has drawn, for its explanation. */
  #first = -1;
  #second = -1;

  /**
   * @param random Random numbers from 0 up to 1: the same numbers make the same picks. Default:
   * `Math.random`.
   */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** Picks the less loaded of two candidates. */
  pick(candidates: CandidateList, table: TableView): number {
    const { slots, length } = candidates;
    if (length === 1) return slots[0]!;
    this.#weights.update(candidates, table);
    const first = this.#weights.at(this.#random());
    const second = this.#weights.atWithout(this.#random(), first);
    this.#first = slots[first]!;
    this.#second = slots[second]!;
    return lessLoaded(this.#first, this.#second, table);
  }

  /** Explains a pick by the two candidates that were drawn and their loads. */
  explain(candidates: CandidateList, table: TableView): Explainer {
    const slots = [...candidates.slots.subarray(0, candidates.length)];
    if (slots.length === 1) {
      const verdict = "the only server that can take it";
      return () => ({ ranking: slots, note: (slot) => ({ key: loadText(slot, table), verdict }) });
    }
    return (chosen) => {
      const [first, second] = [this.#first, this.#second];
      const winner = lessLoaded(first, second, table);
      const loser = winner === first ? second : first;
      return {
        ranking: [winner, loser, ...slots.filter((slot) => slot !== first && slot !== second)],
        note: (slot) => {
          if (slot !== first && slot !== second) {
            return { key: undefined, code: "not_drawn", verdict: "not drawn" };
          }
          if (slot === chosen) {
            const verdict = compareLoads(first, second, table) === 0
              ? "drawn first, and as busy as the second"
              : "the less busy of the two that were drawn";
            return { key: loadText(slot, table), verdict };
          }
          const note = loadNote(slot, chosen, { table, tie: "as busy, and drawn second" });
          return { ...note, verdict: `also drawn; ${note.verdict}` };
        },
      };
    };
  }
}

/** The slot with the smaller load; the first one if they are equal. */
function lessLoaded(first: number, second: number, table: TableView): number {
  return compareLoads(first, second, table) <= 0 ? first : second;
}
