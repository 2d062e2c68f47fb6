import type { CandidateList } from "../core/candidates.ts";
import type { Policy } from "../core/policy.ts";
import type { StateTable } from "../core/state_table.ts";

/** How many turns a server may have had before all begin at 0 again: keeps the products exact. */
const TURNS_MAX = 2 ** 20;

/**
 * Weighted least connections, as HAProxy defines it (`lb_fwlc.c`): the key of a server is 0 when it
 * has no active request, else `(active + 1) / weight`; the smallest key wins.
 *
 * Ties go by weighted round robin, so that requests which come one at a time, when every key is 0,
 * spread by weight as well. Think of a server's turns as marks on a line, `1 / weight` apart, the
 * first one half of that from the start: of the tied servers, the one whose next mark comes first
 * has its turn. The marks of servers with a large weight lie evenly between the others', which makes
 * the order as smooth as nginx's, and finding the first takes one look at each server and changes
 * only the winner's.
 */
export class LeastConnections implements Policy {
  /** How many turns the server in each slot has had, or was given for those it missed. */
  #turns = new Float64Array(0);
  /** The furthest mark that had its turn, as twice the mark's place: a fraction. */
  #reached = 0;
  #reachedWeight = 1;
  #generation = -1;

  /** Chooses the candidate with the smallest key. */
  pick({ slots, length }: CandidateList, table: StateTable): number {
    this.#beginRoundIfChanged(table);
    const turns = this.#turns;
    let chosen = -1;
    let load = 0;
    let weight = 1;
    let mark = 0;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      const active = table.active(slot);
      const otherLoad = active === 0 ? 0 : active + 1;
      const otherWeight = table.weight(slot);
      // Fractions are compared multiplied out: whole numbers compare exactly, as long as the
      // products stay below 2⁵³, which takes 2²¹ active requests at the largest weight.
      const left = otherLoad * weight;
      const right = load * otherWeight;
      if (left > right && chosen !== -1) continue;
      const otherMark = 2 * turns[slot]! + 1;
      if (left === right && otherMark * weight >= mark * otherWeight && chosen !== -1) continue;
      chosen = slot;
      load = otherLoad;
      weight = otherWeight;
      mark = otherMark;
    }
    this.#takeTurn(chosen, mark, weight);
    return chosen;
  }

  /** A turn that was earned beside other weights would take as long to pay off. */
  #beginRoundIfChanged(table: StateTable): void {
    if (this.#generation === table.generation) return;
    this.#generation = table.generation;
    if (this.#turns.length < table.end) this.#turns = new Float64Array(table.end * 2);
    this.#beginRound();
  }

  #beginRound(): void {
    this.#turns.fill(0);
    this.#reached = 0;
    this.#reachedWeight = 1;
  }

  #takeTurn(slot: number, mark: number, weight: number): void {
    if (mark * this.#reachedWeight >= this.#reached * weight) {
      this.#reached = mark;
      this.#reachedWeight = weight;
      this.#turns[slot]! += 1;
    } else {
      // While it was busy, others had their turns. It does not get those that it missed: it would
      // have the next hundred for itself after an hour with a long download.
      this.#turns[slot] = Math.floor(this.#reached * weight / this.#reachedWeight / 2 + 0.5);
    }
    if (this.#turns[slot]! > TURNS_MAX) this.#beginRound();
  }
}
