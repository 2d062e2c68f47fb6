import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import { grownArray } from "../state/grown_array.ts";
import type { Policy } from "../state/policy.ts";
import { ACTIVITY_FROM } from "../state/table_memory.ts";
import type { TableView } from "../state/table_view.ts";
import { BlockMinIndex } from "./block_min_index.ts";
import { leastLoaded } from "./least_loaded.ts";
import { compareLoads, loadNote, loadText } from "./load.ts";

/** Turns of a server after which virtual time starts again. */
const TURNS_MAX = 2 ** 20;

/**
 * Weighted least connections, as HAProxy defines it (`lb_fwlc.c`): the key of a server is 0 when it
 * has no active request, else `(active + 1) / weight`; the smallest key wins.
 *
 * Ties go by weighted round robin, so that requests which come one at a time, when every key is 0,
 * are spread by weight too. A server's turns are `1 / weight` apart in virtual time, and its first one
 * is at half of that: of the tied servers, the one with the earliest next turn is picked. The turns of
 * a server with a large weight lie evenly between those of the others, which makes the order as smooth
 * as nginx's. A pick changes the next turn of its server only, so that a {@linkcode BlockMinIndex} can
 * be kept for many servers.
 */
export class LeastConnections implements Policy {
  /** Number of turns of each slot's server, had or skipped. */
  #turns = new Float64Array(0);
  /**
   * Twice the virtual time of each slot's next turn, `(2 × turns + 1) / weight`. Equal fractions are
   * rounded to equal numbers, so that simultaneous turns compare as such.
   */
  #nextTurns = new Float64Array(0);
  /** Weight from which each slot's next turn was computed. */
  #weights = new Float64Array(0);
  /** Virtual time: the latest turn that was taken. */
  #virtualTime = 0;
  readonly #index = new BlockMinIndex();
  #generation = -1;

  /** Chooses the candidate with the smallest key. */
  pick(candidates: CandidateList, table: TableView): number {
    if (this.#generation !== table.generation) this.#update(table);
    const slot = this.#findLeast(candidates, table);
    this.#takeTurn(slot, table.weight(slot));
    // Much later turns would be too close to each other for their precision.
    if (this.#turns[slot]! > TURNS_MAX) this.#restart(table);
    return slot;
  }

  /** Explains a pick by the keys and, for equal keys, by the turns. */
  explain(candidates: CandidateList, table: TableView): Explainer {
    if (this.#generation !== table.generation) this.#update(table);
    const nextTurns = this.#nextTurns;
    const least = this.#findLeast(candidates, table);
    const others = [...candidates.slots.subarray(0, candidates.length)]
      .filter((slot) => slot !== least)
      // Sorted at once, as the pick changes a turn.
      .sort((a, b) => compareLoads(a, b, table) || compare(nextTurns[a]!, nextTurns[b]!));
    const ties = others.filter((slot) => compareLoads(slot, least, table) === 0).length;
    return (chosen) => ({
      ranking: [least, ...others],
      note: (slot) =>
        slot === chosen
          ? {
            key: loadText(slot, table),
            verdict: whyLeast(slot, table, { ties, others: others.length }),
          }
          : loadNote(slot, chosen, { table, tie: "tie: later in the weighted rotation" }),
    });
  }

  /** The candidate with the smallest key. */
  #findLeast(candidates: CandidateList, table: TableView): number {
    return candidates.length < ACTIVITY_FROM
      ? leastLoaded(candidates, table, this.#nextTurns)
      : this.#index.find(candidates, table, this.#nextTurns);
  }

  /**
   * Adapts to a change of servers, weights or health. Only servers with another weight, and those that
   * have missed turns, get a new turn. If all started again, the first ones would get most requests
   * where changes are frequent, and balancers that see the same changes would pick in step.
   */
  #update(table: TableView): void {
    this.#generation = table.generation;
    this.#index.clear();
    const { end } = table;
    if (this.#turns.length < end) {
      this.#turns = grownArray(this.#turns, end * 2);
      this.#nextTurns = grownArray(this.#nextTurns, end * 2);
      this.#weights = grownArray(this.#weights, end * 2);
    }
    for (let slot = 0; slot < end; slot++) {
      const weight = table.weight(slot);
      if (this.#weights[slot] === weight && this.#nextTurns[slot]! >= this.#virtualTime) continue;
      this.#weights[slot] = weight;
      this.#setTurns(slot, Math.ceil(this.#virtualTime * weight / 2 - 0.5), weight);
    }
  }

  /** Starts virtual time again, with the first turn of every server. */
  #restart(table: TableView): void {
    this.#index.clear();
    this.#virtualTime = 0;
    this.#weights.fill(0);
    this.#update(table);
  }

  #takeTurn(slot: number, weight: number): void {
    if (this.#nextTurns[slot]! >= this.#virtualTime) {
      this.#virtualTime = this.#nextTurns[slot]!;
      this.#setTurns(slot, this.#turns[slot]! + 1, weight);
    } else {
      // It was busy and has missed turns, which are skipped: after an hour with a long download it
      // would otherwise get the next hundred requests.
      this.#setTurns(slot, Math.floor(this.#virtualTime * weight / 2 + 0.5), weight);
    }
    this.#index.touch(slot);
  }

  #setTurns(slot: number, turns: number, weight: number): void {
    this.#turns[slot] = turns;
    this.#nextTurns[slot] = (2 * turns + 1) / weight;
  }
}

function whyLeast(
  slot: number,
  table: TableView,
  { ties, others }: { ties: number; others: number },
): string {
  if (others === 0) return "the only server that can take it";
  const idle = table.active(slot) === 0;
  if (ties === 0) return idle ? "the only idle server" : "the smallest key";
  const tied = `${ties} ${ties === 1 ? "other" : "others"}`;
  return `${idle ? "idle" : "the smallest key"}, tied with ${tied}; next in the weighted rotation`;
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}
