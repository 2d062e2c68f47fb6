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
   * For each {@linkcode ACTIVITY_BLOCK} slots, a number that is another one after each change of an
   * active among them: element 0 for the first slots, and so on. As long as it is the same, what is
   * derived from those can be kept. To be read before them, with `Atomics.load` where threads share
   * the table; not to be written to. A view in which nothing changes may have none.
   */
  readonly activity?: Int32Array;
}
