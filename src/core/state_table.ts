/** How many servers a state table has room for where nothing else is said. */
export const DEFAULT_CAPACITY = 65_536;

const COLUMNS = 5;

/**
 * What the policy needs to know of every server, as columns of numbers with one slot a server.
 *
 * This is all that the control plane (which owns the servers and checks their health) and the data
 * plane (which picks and counts) share. The columns stand on one buffer, so that it can be an
 * `ArrayBuffer` for one thread or a `SharedArrayBuffer` for several. Untouched slots cost no
 * memory: the operating system hands out pages when they are first written.
 */
export class StateTable {
  /** The number of slots. */
  readonly capacity: number;
  readonly #weight: Uint32Array;
  readonly #active: Int32Array;
  readonly #unhealthy: Int32Array;
  readonly #used: Int32Array;
  readonly #picked: Uint32Array;
  /** Slots that were never used begin here, so that looking for a free one stays short. */
  #end = 0;
  #generation = 0;

  /** @param capacity The number of slots. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    this.capacity = capacity;
    const bytes = capacity * 4;
    const buffer = new ArrayBuffer(bytes * COLUMNS);
    this.#weight = new Uint32Array(buffer, 0, capacity);
    this.#active = new Int32Array(buffer, bytes, capacity);
    this.#unhealthy = new Int32Array(buffer, bytes * 2, capacity);
    this.#used = new Int32Array(buffer, bytes * 3, capacity);
    this.#picked = new Uint32Array(buffer, bytes * 4, capacity);
  }

  /**
   * Changes whenever the set of servers, a weight or a health does. Whoever derives something from
   * those can keep it until this number is another.
   */
  get generation(): number {
    return this.#generation;
  }

  /** One more than the highest slot that was ever used. */
  get end(): number {
    return this.#end;
  }

  /**
   * Takes a free slot for a new server: healthy, nothing active. A slot is free when no server has
   * it and the last request of the server that had it is over, so that late completions never
   * count against a newcomer.
   *
   * @param weight The server's weight.
   * @returns The slot, or -1 when there is none free.
   */
  allocate(weight: number): number {
    let slot = 0;
    while (slot < this.#end && (this.#used[slot] === 1 || this.#active[slot] !== 0)) slot++;
    if (slot === this.capacity) return -1;
    if (slot === this.#end) this.#end++;
    this.#used[slot] = 1;
    this.#weight[slot] = weight;
    this.#unhealthy[slot] = 0;
    this.#picked[slot] = 0;
    this.#generation++;
    return slot;
  }

  /** Gives a slot back. Its active requests go on counting until they are over. */
  release(slot: number): void {
    this.#used[slot] = 0;
    this.#generation++;
  }

  /** Whether a server has this slot. */
  isUsed(slot: number): boolean {
    return this.#used[slot] === 1;
  }

  /** The weight of the server in this slot. */
  weight(slot: number): number {
    return this.#weight[slot]!;
  }

  /** Sets the weight of the server in this slot. */
  setWeight(slot: number, weight: number): void {
    if (this.#weight[slot] === weight) return;
    this.#weight[slot] = weight;
    this.#generation++;
  }

  /** Whether the server in this slot counts as healthy. */
  isHealthy(slot: number): boolean {
    return this.#unhealthy[slot] === 0;
  }

  /** Says whether the server in this slot counts as healthy. */
  setHealthy(slot: number, healthy: boolean): void {
    const unhealthy = healthy ? 0 : 1;
    if (this.#unhealthy[slot] === unhealthy) return;
    this.#unhealthy[slot] = unhealthy;
    this.#generation++;
  }

  /** How many requests the server in this slot is working on. */
  active(slot: number): number {
    return this.#active[slot]!;
  }

  /** How many requests were given to the server in this slot, modulo 2³². */
  picked(slot: number): number {
    return this.#picked[slot]!;
  }

  /** Counts a request that was given to the server in this slot. */
  begin(slot: number): void {
    this.#active[slot]! += 1;
    this.#picked[slot]! += 1;
  }

  /** Counts the end of a request that {@linkcode begin} counted. */
  finish(slot: number): void {
    this.#active[slot]! -= 1;
  }
}
