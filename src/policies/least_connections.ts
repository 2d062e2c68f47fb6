import type { CandidateList } from "../core/candidates.ts";
import type { Policy } from "../core/policy.ts";
import type { StateTable } from "../core/state_table.ts";

/**
 * Weighted least connections, as HAProxy defines it (`lb_fwlc.c`): the key of a server is 0 when it
 * has no active request, else `(active + 1) / weight`; the smallest key wins.
 *
 * Ties go by smooth weighted round robin (nginx's), so that requests which come one at a time,
 * when every key is 0, spread by weight as well: at each tie every tied server's credit grows by
 * its weight, the largest credit wins and pays the sum of the tied weights.
 */
export class LeastConnections implements Policy {
  #credit = new Float64Array(0);
  #tied = new Int32Array(0);
  #generation = -1;

  /** Chooses the candidate with the smallest key. */
  pick(candidates: CandidateList, table: StateTable): number {
    const tied = this.#smallestKeys(candidates, table);
    return tied === 1 ? this.#tied[0]! : this.#roundRobin(tied, table);
  }

  /** Puts the slots with the smallest key first into `#tied` and returns how many there are. */
  #smallestKeys(candidates: CandidateList, table: StateTable): number {
    const { slots, length } = candidates;
    if (this.#tied.length < length) this.#tied = new Int32Array(slots.length);
    const tied = this.#tied;
    let count = 0;
    let best = 0;
    let bestWeight = 1;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      const active = table.active(slot);
      const load = active === 0 ? 0 : active + 1;
      const weight = table.weight(slot);
      // load / weight against best / bestWeight, multiplied out: whole numbers compare exactly, as
      // long as the products stay below 2⁵³, which takes 2²¹ active requests at the largest weight.
      const left = load * bestWeight;
      const right = best * weight;
      if (count > 0 && left > right) continue;
      if (left < right) count = 0;
      if (count === 0) {
        best = load;
        bestWeight = weight;
      }
      tied[count++] = slot;
    }
    return count;
  }

  #roundRobin(count: number, table: StateTable): number {
    // Credit that was earned beside other weights would hold a server back for as long as it takes
    // to pay it off, so a change of the servers begins a new round.
    if (this.#generation !== table.generation) {
      this.#generation = table.generation;
      if (this.#credit.length < table.end) this.#credit = new Float64Array(table.end * 2);
      else this.#credit.fill(0);
    }
    const credit = this.#credit;
    let total = 0;
    let chosen = this.#tied[0]!;
    for (let i = 0; i < count; i++) {
      const slot = this.#tied[i]!;
      const weight = table.weight(slot);
      total += weight;
      credit[slot]! += weight;
      if (credit[slot]! > credit[chosen]!) chosen = slot;
    }
    credit[chosen]! -= total;
    return chosen;
  }
}
