import type { CandidateList } from "../state/candidates.ts";
import type { TableView } from "../state/table_view.ts";

/**
 * The candidate with the smallest key, which is an idle one if there is any; of those that tie, the
 * first one with the smallest mark. Looks at each of them.
 *
 * @param candidates At least one.
 * @param table What is known of them.
 * @param marks A number for each slot.
 * @returns The slot.
 */
export function leastLoaded(
  { slots, length }: CandidateList,
  table: TableView,
  marks: Float64Array,
): number {
  let chosen = slots[0]!;
  let load = table.active(chosen) + 1;
  let weight = table.weight(chosen);
  for (let i = 0; i < length; i++) {
    const slot = slots[i]!;
    const active = table.active(slot);
    if (active === 0) return firstIdle({ slots, length }, { table, marks, from: i });
    const otherWeight = table.weight(slot);
    // Fractions are compared multiplied out: whole numbers compare exactly, as long as the
    // products stay below 2⁵³, which takes 2²¹ active requests at the largest weight.
    const left = (active + 1) * weight;
    const right = load * otherWeight;
    if (left > right || left === right && marks[slot]! >= marks[chosen]!) continue;
    chosen = slot;
    load = active + 1;
    weight = otherWeight;
  }
  return chosen;
}

/** The idle candidate whose turn it is; the one at `from` is idle, and none before it. */
function firstIdle(
  { slots, length }: CandidateList,
  { table, marks, from }: { table: TableView; marks: Float64Array; from: number },
): number {
  let chosen = slots[from]!;
  let mark = marks[chosen]!;
  for (let i = from + 1; i < length; i++) {
    const slot = slots[i]!;
    if (table.active(slot) !== 0 || marks[slot]! >= mark) continue;
    chosen = slot;
    mark = marks[slot]!;
  }
  return chosen;
}
