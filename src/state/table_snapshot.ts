import type { EjectionState } from "../model/ejection_state.ts";
import type { StateTable } from "./state_table.ts";
import type { TableView } from "./table_view.ts";

/** Snapshot of one slot. */
export interface SlotSnapshot {
  /** Whether its server may take requests. */
  readonly open: boolean;
  /** Effective weight. */
  readonly weight: number;
  /** Number of active requests. */
  readonly active: number;
  /** The most active requests; 0 for no limit. */
  readonly limit: number;
  /** Whether the server is healthy. */
  readonly healthy: boolean;
  /** Ejection state. */
  readonly ejectionState: EjectionState;
}

/**
 * Snapshot of a state table. Other threads may change the table, so a pick that is to be explained is
 * made from a snapshot.
 */
export class TableSnapshot implements TableView {
  /** See {@linkcode TableView}. */
  readonly generation: number;
  readonly #slots: readonly SlotSnapshot[];

  /** @param table The table. */
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

  /** Snapshot of this slot. */
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
