/**
 * State of the servers as a policy sees it: numbers for each slot. A server keeps its slot until it is
 * removed; then another server may get the slot.
 */
export interface TableView {
  /**
   * Changes with the set of servers, the weights and the health. Values that are derived from those
   * are valid while it stays the same.
   */
  readonly generation: number;
  /** One more than the highest slot in use so far. */
  readonly end: number;
  /** Effective weight of the server in this slot, 0 to 4294967295, possibly a fraction. */
  weight(slot: number): number;
  /** Number of active requests of the server in this slot. */
  active(slot: number): number;
  /** Whether the server in this slot counts as healthy. */
  isHealthy(slot: number): boolean;
  /**
   * A number for every 64 slots (0 to 63, 64 to 127, and so on) that changes with the active requests
   * in them. Values that are derived from those are valid while it stays the same. Read it before
   * them, with `Atomics.load` if threads share the table; do not write to it. Undefined in a table of
   * few servers, and in a snapshot.
   */
  readonly activity?: Int32Array | undefined;
}
