/**
 * Read-only state of the servers for a policy, by slot. A server keeps its slot until it is
 * removed; then another server may get the slot.
 */
export interface TableView {
  /**
   * A number that changes whenever a server, its weight or its health changes. A policy can keep
   * values that it derived from servers, weights and health until this number changes.
   */
  readonly generation: number;
  /** One more than the highest slot in use so far. */
  readonly end: number;
  /** Effective weight of the server in this slot, 0 to 4294967295; may be a fraction. */
  weight(slot: number): number;
  /** Number of active requests of the server in this slot. */
  active(slot: number): number;
  /** Whether the server in this slot is healthy. */
  isHealthy(slot: number): boolean;
  /**
   * One number for each group of 64 slots (0 to 63, 64 to 127, and so on). It changes whenever a
   * count of active requests in the group changes, so a policy can skip groups whose number is
   * unchanged. Read the number before the counts, with `Atomics.load` if threads share the table.
   * Do not write to it. Undefined in a table of few servers, and in a snapshot.
   */
  readonly activity?: Int32Array | undefined;
}
