import type { StateTable } from "./state_table.ts";

/** The candidates of a pick: the slots in the first `length` elements of `slots`. */
export interface CandidateList {
  /** The slots, valid up to `length`. */
  slots: Int32Array;
  /** Number of slots. */
  length: number;
  /**
   * Version of a list that is reused for several picks. Its slots are in ascending order, and do
   * not change unless the version changes. Undefined for a list that is made for a single pick.
   */
  version?: number | undefined;
}

/** Whether a slot is one of the candidates. */
export function isCandidate({ slots, length }: CandidateList, slot: number): boolean {
  const index = slots.indexOf(slot);
  return index !== -1 && index < length;
}

/** Whether a server takes new requests; weight 0 drains it. */
export function isAvailable(table: StateTable, slot: number): boolean {
  return table.isOpen(slot) && table.weight(slot) > 0;
}

/** Candidates for a request. */
export interface Selection extends CandidateList {
  /** Whether there is no candidate only because all that could be are at their limits. */
  readonly full: boolean;
}

/**
 * Selects the candidates for a request: trusted servers (healthy, not ejected) with a weight that the
 * request has not tried; if there are none, the others, as a wrong health check must not become an
 * outage. A server that is being probed takes one request at a time. A server at its limit is never a
 * candidate.
 *
 * The lists of trusted and of other servers are kept until the table's generation changes, so that a
 * pick among thousands of servers does not check the health of each.
 */
export class Candidates {
  readonly #table: StateTable;
  readonly #trusted: List = new List();
  readonly #others: List = new List();
  readonly #selected: List = new List();
  /** Whether active requests can make any server ineligible, so that each must be checked. */
  #limited = false;
  #generation = -1;

  /** @param table State of the servers. */
  constructor(table: StateTable) {
    this.#table = table;
  }

  /**
   * Selects the candidates. The list is valid until the next call.
   *
   * @param attempted Slots of the request's previous attempts.
   */
  select(attempted: readonly number[]): Selection {
    if (this.#generation !== this.#table.generation) this.#rebuild();
    if (this.#limited || attempted.length > 0) return this.#selectOneByOne(attempted);
    return this.#trusted.length > 0 ? this.#trusted : this.#others;
  }

  #rebuild(): void {
    const table = this.#table;
    // Read first, so that a concurrent change causes another rebuild.
    const { generation, end } = table;
    this.#trusted.clear(end);
    this.#others.clear(end);
    this.#selected.clear(end);
    this.#limited = false;
    for (let slot = 0; slot < end; slot++) {
      if (!isAvailable(table, slot)) continue;
      (table.isTrusted(slot) ? this.#trusted : this.#others).append(slot);
      this.#limited ||= table.limit(slot) !== 0 || table.isProbing(slot);
    }
    this.#generation = this.#trusted.version = this.#others.version = generation;
  }

  #selectOneByOne(attempted: readonly number[]): Selection {
    const table = this.#table;
    const selected = this.#selected;
    selected.clear();
    let full = false;
    const { slots, length } = this.#trusted;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      if (attempted.includes(slot)) continue;
      if (this.#isFull(slot)) full = true;
      else if (!table.isProbing(slot) || table.active(slot) === 0) selected.append(slot);
    }
    // Waiting for a trusted server is better than an untrusted one.
    selected.full = full && selected.length === 0;
    if (selected.length > 0 || full) return selected;
    for (const { slots, length } of [this.#trusted, this.#others]) {
      for (let i = 0; i < length; i++) {
        const slot = slots[i]!;
        if (attempted.includes(slot)) continue;
        if (this.#isFull(slot)) full = true;
        else selected.append(slot);
      }
    }
    selected.full = full && selected.length === 0;
    return selected;
  }

  #isFull(slot: number): boolean {
    const limit = this.#table.limit(slot);
    return limit !== 0 && this.#table.active(slot) >= limit;
  }
}

class List implements Selection {
  slots = new Int32Array(0);
  length = 0;
  full = false;
  version: number | undefined;

  clear(capacity = 0): void {
    this.length = 0;
    this.full = false;
    if (this.slots.length < capacity) this.slots = new Int32Array(capacity * 2);
  }

  append(slot: number): void {
    this.slots[this.length++] = slot;
  }
}
