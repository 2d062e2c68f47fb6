import type { CandidateNote } from "../state/explanation.ts";
import type { TableView } from "../state/table_view.ts";
import { numberText, numberTexts } from "./number_text.ts";

/**
 * Compares the loads of the servers in two slots. A load is 0 without an active request, else
 * `(active + 1) / weight`.
 *
 * @returns Below 0 if the first load is smaller, above 0 if the second is, 0 if they are equal.
 */
export function compareLoads(first: number, second: number, table: TableView): number {
  const active = table.active(first);
  const otherActive = table.active(second);
  if (active === 0 || otherActive === 0) return Math.min(active, 1) - Math.min(otherActive, 1);
  // Cross-multiplied, so that whole numbers compare exactly.
  return (active + 1) * table.weight(second) - (otherActive + 1) * table.weight(first);
}

/** Text of a server's load: `idle: 0` or `(2 + 1) / 5 = 0.6`. */
export function loadText(slot: number, table: TableView): string {
  const active = table.active(slot);
  if (active === 0) return "idle: 0";
  return `(${active} + 1) / ${numberText(table.weight(slot))} = ${numberText(load(slot, table))}`;
}

/**
 * Note for a server that was not picked because of its load.
 *
 * @param slot Slot of the server.
 * @param chosen Slot of the server that was picked.
 * @param options State of the servers, and the verdict for equal loads.
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
