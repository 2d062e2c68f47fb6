/**
 * What a policy may know of the servers: numbers for each slot. A slot is a server's place, the same
 * as long as the server is there; after that another server may get it.
 */
export interface TableView {
  /**
   * Changes whenever the set of servers, a weight or a health does. What is derived from those can
   * be kept until this number is another.
   */
  readonly generation: number;
  /** One more than the highest slot that was ever used. */
  readonly end: number;
  /** The weight of the server in this slot, 0 to 4294967295, possibly a fraction. */
  weight(slot: number): number;
  /** How many requests the server in this slot is working on. */
  active(slot: number): number;
  /** Whether the server in this slot counts as healthy. */
  isHealthy(slot: number): boolean;
  /**
   * For every 64 slots (0 to 63, 64 to 127, and so on) a number that is another after each change of
   * an active among them. As long as it is the same, what is derived from those can be kept. Read it
   * before them, by `Atomics.load` where threads share the table; not to be written to. Undefined
   * where that is not told: in a table of few servers, and in one that does not change.
   */
  readonly activity?: Int32Array | undefined;
}
