import type { EjectionState } from "../model/ejection_state.ts";
import type { StateTable } from "./state_table.ts";
import type { TableView } from "./table_view.ts";

/** What a state table said of one slot. */
export interface SlotSnapshot {
  /** Whether its server may take requests. */
  readonly open: boolean;
  /** The weight that counts. */
  readonly weight: number;
  /** How many requests the server was working on. */
  readonly active: number;
  /** How many it works on at most; 0 for no limit. */
  readonly limit: number;
  /** Whether it counted as healthy. */
  readonly healthy: boolean;
  /** Whether it was trusted with requests. */
  readonly ejectionState: EjectionState;
}

/**
 * What a state table said at one moment. Other threads go on counting in the table; what a policy
 * picks by this can be explained by this.
 */
export class TableSnapshot implements TableView {
  /** See {@linkcode TableView}. */
  readonly generation: number;
  readonly #slots: readonly SlotSnapshot[];

  /** @param table The table as it is now. */
  constructor(table: StateTable) {
    this.generation = table.generation;
    this.#slots = Array.from({ length: table.end }, (_, slot) => ({
      open: table.isOpen(slot),
      weight: table.weight(slot),
      active: table.active(slot),
      limit: table.limit(slot),
      healthy: table.isHealthy(slot),
      ejectionState: table.ejectionState(slot),
    }));
  }

  /** See {@linkcode TableView}. */
  get end(): number {
    return this.#slots.length;
  }

  /** What there was in this slot. */
  slot(slot: number): SlotSnapshot {
    return this.#slots[slot]!;
  }

  /** See {@linkcode TableView}. */
  weight(slot: number): number {
    return this.#slots[slot]!.weight;
  }

  /** See {@linkcode TableView}. */
  active(slot: number): number {
    return this.#slots[slot]!.active;
  }

  /** See {@linkcode TableView}. */
  isHealthy(slot: number): boolean {
    return this.#slots[slot]!.healthy;
  }
}
