import type { CandidateList } from "../state/candidates.ts";
import type { Explainer } from "../state/explanation.ts";
import type { Policy } from "../state/policy.ts";
import type { TableView } from "../state/table_view.ts";
import { numberText, numberTexts } from "./number_text.ts";

/**
 * Smooth weighted round robin, as nginx does it (`ngx_http_upstream_round_robin.c`): with each pick
 * every candidate earns its weight, the one that has the most is chosen and pays what all of them
 * together have earned. With the weights 5, 1 and 1 that is a a b a c a a.
 *
 * What a server has, divided by what a pick costs, is how many picks it is owed: more than −1, and at
 * most 1/2 + 1/3 + … + 1/n with n servers (the cup game), 1.7 with eight.
 * That is kept when servers come, go or change their weight: everything is scaled to the new cost.
 * nginx leaves it as it is, so that servers with small weights would have to work off what one with
 * a large weight has left them, one after another.
 */
export class RoundRobin implements Policy {
  /** What the server in each slot has. One that is new has what the last in its slot had. */
  #credits = new Float64Array(0);
  /** What the last pick cost. */
  #cost = 0;

  /** Chooses the candidate whose turn it is. */
  pick(candidates: CandidateList, table: TableView): number {
    if (this.#credits.length < table.end) this.#grow(table.end);
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
    if (cost !== this.#cost) return this.#pickAnew(candidates, table, cost);
    credits[chosen]! -= cost;
    return chosen;
  }

  /** Explains a pick by what each candidate has and earns. */
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

  /** What a server will have when a pick that costs this much has given it its weight. */
  #creditAt(slot: number, table: TableView, cost: number): number {
    const weight = table.weight(slot);
    const credit = (this.#credits[slot] ?? 0) + weight;
    if (cost === this.#cost) return credit;
    // Step by step as a pick does it, as other steps would be rounded in another way.
    const kept = credit - weight;
    return (this.#cost === 0 ? kept : kept * (cost / this.#cost)) + weight;
  }

  /** Takes back what was earned before it was known that a pick has another cost now. */
  #pickAnew(candidates: CandidateList, table: TableView, cost: number): number {
    const { slots, length } = candidates;
    for (let i = 0; i < length; i++) this.#credits[slots[i]!]! -= table.weight(slots[i]!);
    // Another thread has set every weight to 0 since the candidates were found.
    if (cost === 0) return slots[0]!;
    this.#scale(cost);
    return this.pick(candidates, table);
  }

  #grow(end: number): void {
    const credits = new Float64Array(end * 2);
    credits.set(this.#credits);
    this.#credits = credits;
  }

  #scale(cost: number): void {
    if (this.#cost !== 0) {
      const factor = cost / this.#cost;
      for (let slot = 0; slot < this.#credits.length; slot++) this.#credits[slot]! *= factor;
    }
    this.#cost = cost;
  }
}

/** A credit for people, who need not see that it was rounded on its way. */
function text(credit: number): string {
  return numberText(Number(credit.toFixed(6)));
}

function whyTurn(candidates: number): string {
  return candidates === 1 ? "the only server that can take it" : "its turn: the largest credit";
}

function whyNotTurn(credit: number, most: number): string {
  if (credit === most) return "not its turn: the same credit, and listed later";
  const [less, more] = numberTexts(credit, most);
  return `not its turn: credit ${less} < ${more}`;
}
