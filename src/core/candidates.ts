import type { StateTable } from "./state_table.ts";

/** Some slots of a state table: the first `length` elements of `slots`. */
export interface CandidateList {
  /** Slots, valid up to `length`. */
  slots: Int32Array;
  /** How many slots there are. */
  length: number;
}

/** The one predicate that says whether a server takes new requests: weight 0 drains it. */
export function isAvailable(table: StateTable, slot: number): boolean {
  return table.isOpen(slot) && table.weight(slot) > 0;
}

/**
 * Which servers a request may go to: the healthy ones that take requests and that it has not tried
 * yet; if there are none, the unhealthy ones, because a wrong health check must not become an
 * outage.
 *
 * Both lists are kept until the table says that something they depend on has changed, so that a
 * pick among thousands of servers does not look at each of them for its health.
 */
export class Candidates {
  readonly #table: StateTable;
  readonly #healthy: CandidateList = emptyList();
  readonly #unhealthy: CandidateList = emptyList();
  readonly #untried: CandidateList = emptyList();
  #generation = -1;

  /** @param table The servers' state. */
  constructor(table: StateTable) {
    this.#table = table;
  }

  /**
   * The slots that a request may go to; empty when there is none. The list is valid until the next
   * call.
   *
   * @param tried The slots that this request has tried already.
   */
  select(tried: readonly number[]): CandidateList {
    if (this.#generation !== this.#table.generation) this.#rebuild();
    if (tried.length === 0) return this.#healthy.length > 0 ? this.#healthy : this.#unhealthy;
    const healthy = this.#without(this.#healthy, tried);
    return healthy.length > 0 ? healthy : this.#without(this.#unhealthy, tried);
  }

  #rebuild(): void {
    const table = this.#table;
    clear(this.#healthy, table.end);
    clear(this.#unhealthy, table.end);
    for (let slot = 0; slot < table.end; slot++) {
      if (!isAvailable(table, slot)) continue;
      append(table.isHealthy(slot) ? this.#healthy : this.#unhealthy, slot);
    }
    this.#generation = table.generation;
  }

  #without(list: CandidateList, tried: readonly number[]): CandidateList {
    const untried = this.#untried;
    clear(untried, list.length);
    for (let i = 0; i < list.length; i++) {
      const slot = list.slots[i]!;
      if (!tried.includes(slot)) append(untried, slot);
    }
    return untried;
  }
}

function emptyList(): CandidateList {
  return { slots: new Int32Array(0), length: 0 };
}

function clear(list: CandidateList, capacity: number): void {
  list.length = 0;
  if (list.slots.length < capacity) list.slots = new Int32Array(capacity * 2);
}

function append(list: CandidateList, slot: number): void {
  list.slots[list.length++] = slot;
}
