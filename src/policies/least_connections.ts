import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import type { Policy } from "../state/policy.ts";
import { ACTIVITY_FROM } from "../state/table_memory.ts";
import type { TableView } from "../state/table_view.ts";
import { BlockMinIndex } from "./block_min_index.ts";
import { leastLoaded } from "./least_loaded.ts";
import { compareLoads, loadNote, loadText } from "./load.ts";

/** How many turns a server may have before all begin at the start of the line again. */
const TURNS_MAX = 2 ** 20;

/**
 * Weighted least connections, as HAProxy defines it (`lb_fwlc.c`): the key of a server is 0 when it
 * has no active request, else `(active + 1) / weight`; the smallest key wins.
 *
 * Ties go by weighted round robin, so that requests which come one at a time, when every key is 0,
 * spread by weight as well. Think of a server's turns as marks on a line, `1 / weight` apart, the
 * first one half of that from the start: of the tied servers, the one whose next mark comes first
 * has its turn. The marks of servers with a large weight lie evenly between the others', which makes
 * the order as smooth as nginx's, and a pick changes only the winner's: among many servers, what is
 * known of the others is kept, see {@linkcode BlockMinIndex}.
 */
export class LeastConnections implements Policy {
  /** How many turns the server in each slot has had, or was given for those it missed. */
  #turns = new Float64Array(0);
  /**
   * Twice the place of each slot's next mark, `(2 × turns + 1) / weight`. A division is rounded the
   * same way for equal fractions, so that marks in one place are found to be in one place.
   */
  #marks = new Float64Array(0);
  /** The weight that each slot's marks are for. */
  #weights = new Float64Array(0);
  /** The furthest mark that had its turn. */
  #reached = 0;
  readonly #leaders = new BlockMinIndex();
  #generation = -1;

  /** Chooses the candidate with the smallest key. */
  pick(candidates: CandidateList, table: TableView): number {
    if (this.#generation !== table.generation) this.#follow(table);
    const slot = this.#findLeast(candidates, table);
    this.#takeTurn(slot, table.weight(slot));
    // Far out on the line, marks would be too close to each other for their numbers.
    if (this.#turns[slot]! > TURNS_MAX) this.#beginAnew(table);
    return slot;
  }

  /** Explains a pick by the keys and, where they are the same, by whose turn it was. */
  explain(candidates: CandidateList, table: TableView): Explainer {
    if (this.#generation !== table.generation) this.#follow(table);
    const marks = this.#marks;
    const least = this.#findLeast(candidates, table);
    const others = [...candidates.slots.subarray(0, candidates.length)]
      .filter((slot) => slot !== least)
      // The marks of now: the pick changes its server's.
      .sort((a, b) => compareLoads(a, b, table) || compare(marks[a]!, marks[b]!));
    const ties = others.filter((slot) => compareLoads(slot, least, table) === 0).length;
    return (chosen) => ({
      ranking: [least, ...others],
      note: (slot) =>
        slot === chosen
          ? {
            key: loadText(slot, table),
            verdict: whyLeast(slot, table, { ties, others: others.length }),
          }
          : loadNote(slot, chosen, { table, tie: "tie: its turn comes later" }),
    });
  }

  /** The candidate with the smallest key. */
  #findLeast(candidates: CandidateList, table: TableView): number {
    return candidates.length < ACTIVITY_FROM
      ? leastLoaded(candidates, table, this.#marks)
      : this.#leaders.find(candidates, table, this.#marks);
  }

  /**
   * The set of servers, a weight or a health is another. Only servers get new marks whose weight has
   * changed, or that were away when they had their turns: if all began at the start of the line, the
   * first of them would have most of the requests where something changes often, and balancers that
   * see the same changes would go in step.
   */
  #follow(table: TableView): void {
    this.#generation = table.generation;
    this.#leaders.clear();
    const { end } = table;
    if (this.#turns.length < end) {
      this.#turns = grown(this.#turns, end);
      this.#marks = grown(this.#marks, end);
      this.#weights = grown(this.#weights, end);
    }
    for (let slot = 0; slot < end; slot++) {
      const weight = table.weight(slot);
      if (this.#weights[slot] === weight && this.#marks[slot]! >= this.#reached) continue;
      this.#weights[slot] = weight;
      this.#setTurns(slot, Math.ceil(this.#reached * weight / 2 - 0.5), weight);
    }
  }

  /** Every server is at the start of the line. */
  #beginAnew(table: TableView): void {
    this.#leaders.clear();
    this.#reached = 0;
    this.#weights.fill(0);
    this.#follow(table);
  }

  #takeTurn(slot: number, weight: number): void {
    if (this.#marks[slot]! >= this.#reached) {
      this.#reached = this.#marks[slot]!;
      this.#setTurns(slot, this.#turns[slot]! + 1, weight);
    } else {
      // While it was busy, others had their turns. It does not get those that it missed: it would
      // have the next hundred for itself after an hour with a long download.
      this.#setTurns(slot, Math.floor(this.#reached * weight / 2 + 0.5), weight);
    }
    this.#leaders.touch(slot);
  }

  #setTurns(slot: number, turns: number, weight: number): void {
    this.#turns[slot] = turns;
    this.#marks[slot] = (2 * turns + 1) / weight;
  }
}

/** The same numbers, with room for more. */
function grown(numbers: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(length * 2);
  larger.set(numbers);
  return larger;
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
  return `${idle ? "idle" : "the smallest key"}, like ${tied}; its turn by weight`;
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}
