import type { CandidateNote } from "../state/explanation.ts";
import type { TableView } from "../state/table_view.ts";
import { numberText, numberTexts } from "./number_text.ts";

/**
 * Compares the loads of the servers in two slots: 0 without an active request, else
 * `(active + 1) / weight`.
 *
 * @returns Below 0 if the first has the smaller load, above 0 if the second, 0 if they are the same.
 */
export function compareLoads(first: number, second: number, table: TableView): number {
  const active = table.active(first);
  const otherActive = table.active(second);
  if (active === 0 || otherActive === 0) return Math.min(active, 1) - Math.min(otherActive, 1);
  // Multiplied out, as whole numbers compare exactly; see LeastConnections.
  return (active + 1) * table.weight(second) - (otherActive + 1) * table.weight(first);
}

/** The load of the server in a slot, for people: `idle: 0` or `(2 + 1) / 5 = 0.6`. */
export function loadText(slot: number, table: TableView): string {
  const active = table.active(slot);
  if (active === 0) return "idle: 0";
  return `(${active} + 1) / ${numberText(table.weight(slot))} = ${numberText(load(slot, table))}`;
}

/**
 * What there is to say of a server that was not chosen for its load.
 *
 * @param slot Its slot.
 * @param chosen The slot that was chosen.
 * @param options The servers' state, and what is said where the loads are the same.
 */
export function loadNote(
  slot: number,
  chosen: number,
  { table, tie }: { table: TableView; tie: string },
): CandidateNote {
  const key = loadText(slot, table);
  if (compareLoads(slot, chosen, table) === 0) return { key, code: "tie", verdict: tie };
  const [more, less] = numberTexts(load(slot, table), load(chosen, table));
  return { key, code: "larger_key", verdict: `larger key: ${more} > ${less}` };
}

function load(slot: number, table: TableView): number {
  const active = table.active(slot);
  return active === 0 ? 0 : (active + 1) / table.weight(slot);
}
