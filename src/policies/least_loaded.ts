import type { CandidateList } from "../state/candidates.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * Finds the candidate with the smallest key of least connections, by a linear scan. Of
 * several, it is the first one with the earliest next turn.
 *
 * @param candidates The candidates, at least one.
 * @param table State of the servers.
 * @param nextTurns Virtual time of each slot's next turn.
 * @returns The slot.
 */
export function leastLoaded(
  { slots, length }: CandidateList,
  table: TableView,
  nextTurns: Float64Array,
): number {
  let chosen = slots[0]!;
  let load = table.active(chosen) + 1;
  let weight = table.weight(chosen);
  for (let i = 0; i < length; i++) {
    const slot = slots[i]!;
    const active = table.active(slot);
    if (active === 0) return firstIdle({ slots, length }, { table, nextTurns, from: i });
    const otherWeight = table.weight(slot);
    // Cross-multiplied, so that whole numbers compare exactly while the products are below 2⁵³:
    // up to 2²¹ active requests at the largest weight.
    const left = (active + 1) * weight;
    const right = load * otherWeight;
    if (left > right || left === right && nextTurns[slot]! >= nextTurns[chosen]!) continue;
    chosen = slot;
    load = active + 1;
    weight = otherWeight;
  }
  return chosen;
}

/** The idle candidate with the earliest turn; the first idle one is at `from`. */
function firstIdle(
  { slots, length }: CandidateList,
  { table, nextTurns, from }: { table: TableView; nextTurns: Float64Array; from: number },
): number {
  let chosen = slots[from]!;
  let nextTurn = nextTurns[chosen]!;
  for (let i = from + 1; i < length; i++) {
    const slot = slots[i]!;
    if (table.active(slot) !== 0 || nextTurns[slot]! >= nextTurn) continue;
    chosen = slot;
    nextTurn = nextTurns[slot]!;
  }
  return chosen;
}
