import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import { grownArray } from "../state/grown_array.ts";
import type { Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";
import { numberText, numberTexts } from "./number_text.ts";

/**
 * Smooth weighted round robin, as nginx does it (`ngx_http_upstream_round_robin.c`): with each pick
 * every candidate earns its weight as credit, and the one with the most credit is picked and pays the
 * sum of all weights. The weights 5, 1 and 1 give a a b a c a a.
 *
 * A server's credit divided by the cost of a pick is the number of picks it is owed: more than −1, and
 * with n servers at most 1/2 + 1/3 + … + 1/n (the cup game), 1.7 with eight. This number is kept when servers are added, removed or get another weight: all credits are scaled to
 * the new cost. nginx does not scale them, so that credits from large weights would have to be worked
 * off by servers with small ones, one after another.
 */
export class RoundRobin implements Policy {
  /** Credit of each slot's server. A new server inherits that of the last one in its slot. */
  #credits = new Float64Array(0);
  /** Cost of the last pick: the sum of all weights. */
  #cost = 0;

  /** Picks the candidate whose turn it is. */
  pick(candidates: CandidateList, table: TableView): number {
    const { end } = table;
    if (this.#credits.length < end) this.#credits = grownArray(this.#credits, end * 2);
    const { slots, length } = candidates;
    const credits = this.#credits;
    let chosen = slots[0]!;
    let most = -Infinity;
    let cost = 0;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      const weight = table.weight(slot);
      const credit = credits[slot]! + weight;
      cost += weight;
      credits[slot] = credit;
      if (credit <= most) continue;
      chosen = slot;
      most = credit;
    }
    if (cost !== this.#cost) return this.#pickAtCost(candidates, table, cost);
    credits[chosen]! -= cost;
    return chosen;
  }

  /** Explains a pick by the credit and the weight of each candidate. */
  explain(candidates: CandidateList, table: TableView): Explainer {
    const slots = [...candidates.slots.subarray(0, candidates.length)];
    const cost = slots.reduce((sum, slot) => sum + table.weight(slot), 0);
    const credits = new Map(slots.map((slot) => [slot, this.#creditAt(slot, table, cost)]));
    const ranking = slots.toSorted((a, b) => credits.get(b)! - credits.get(a)!);
    return (chosen) => ({
      ranking,
      note: (slot) => {
        const weight = table.weight(slot);
        const credit = credits.get(slot)!;
        return {
          key: `${text(credit - weight)} + ${text(weight)} = ${text(credit)}`,
          code: credit === credits.get(chosen) ? "tie" : "later_turn",
          verdict: slot === chosen
            ? whyTurn(slots.length)
            : whyNotTurn(credit, credits.get(chosen)!),
        };
      },
    });
  }

  /** Credit of a server after it has earned its weight in a pick of this cost. */
  #creditAt(slot: number, table: TableView, cost: number): number {
    const weight = table.weight(slot);
    const credit = (this.#credits[slot] ?? 0) + weight;
    if (cost === this.#cost) return credit;
    // The same steps as in a pick, so that they are rounded the same way.
    const kept = credit - weight;
    return (this.#cost === 0 ? kept : kept * (cost / this.#cost)) + weight;
  }

  /** Picks after a change of the cost: takes back what was earned and scales the credits. */
  #pickAtCost(candidates: CandidateList, table: TableView, cost: number): number {
    const { slots, length } = candidates;
    for (let i = 0; i < length; i++) this.#credits[slots[i]!]! -= table.weight(slots[i]!);
    // Another thread may have set every weight to 0 since the candidates were selected.
    if (cost === 0) return slots[0]!;
    this.#scale(cost);
    return this.pick(candidates, table);
  }

  #scale(cost: number): void {
    if (this.#cost !== 0) {
      const factor = cost / this.#cost;
      for (let slot = 0; slot < this.#credits.length; slot++) this.#credits[slot]! *= factor;
    }
    this.#cost = cost;
  }
}

/** Text of a credit without rounding errors. */
function text(credit: number): string {
  return numberText(Number(credit.toFixed(6)));
}

function whyTurn(candidates: number): string {
  return candidates === 1 ? "the only server that can take it" : "the largest credit";
}

function whyNotTurn(credit: number, most: number): string {
  if (credit === most) return "tie: listed later";
  const [less, more] = numberTexts(credit, most);
  return `smaller credit: ${less} < ${more}`;
}
