import type { StateTable } from "./state_table.ts";

/** Some slots of a state table: the first `length` elements of `slots`. */
export interface CandidateList {
  /** Slots, valid up to `length`. */
  slots: Int32Array;
  /** How many slots there are. */
  length: number;
  /**
   * Only of a list that is kept, and with its slots in ascending order: as long as this list has the
   * same number, it has the same slots. One that was made for a single pick has none.
   */
  version?: number | undefined;
}

/** Whether a slot is one of the candidates. */
export function isCandidate({ slots, length }: CandidateList, slot: number): boolean {
  const index = slots.indexOf(slot);
  return index !== -1 && index < length;
}

/** The one predicate that says whether a server takes new requests: weight 0 drains it. */
export function isAvailable(table: StateTable, slot: number): boolean {
  return table.isOpen(slot) && table.weight(slot) > 0;
}

/** Which servers a request may go to, and whether it is worth while to wait for others. */
export interface Selection extends CandidateList {
  /** Whether there is no candidate only because those that could be work on all they may. */
  readonly full: boolean;
}

/**
 * Which servers a request may go to: the trusted ones (healthy, not ejected) that take requests and
 * that it has not tried yet; if there are none, the others, because a wrong health check must not
 * become an outage. A server on trial is trusted with one request at a time. A server that works on
 * all the requests it may is no candidate.
 *
 * Both lists are kept until the table says that something they depend on has changed, so that a
 * pick among thousands of servers does not look at each of them for its health.
 */
export class Candidates {
  readonly #table: StateTable;
  readonly #trusted: List = new List();
  readonly #others: List = new List();
  readonly #selected: List = new List();
  /** Whether any of them can be taken up by the requests it has: then each has to be looked at. */
  #limited = false;
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
  select(tried: readonly number[]): Selection {
    if (this.#generation !== this.#table.generation) this.#rebuild();
    if (this.#limited || tried.length > 0) return this.#selectOneByOne(tried);
    return this.#trusted.length > 0 ? this.#trusted : this.#others;
  }

  #rebuild(): void {
    const table = this.#table;
    // Before anything else: what another thread changes while this looks has to be looked at again.
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

  #selectOneByOne(tried: readonly number[]): Selection {
    const table = this.#table;
    const selected = this.#selected;
    selected.clear();
    let full = false;
    const { slots, length } = this.#trusted;
    for (let i = 0; i < length; i++) {
      const slot = slots[i]!;
      if (tried.includes(slot)) continue;
      if (this.#isFull(slot)) full = true;
      else if (!table.isProbing(slot) || table.active(slot) === 0) selected.append(slot);
    }
    // Waiting for a server that works is better than the others.
    selected.full = full && selected.length === 0;
    if (selected.length > 0 || full) return selected;
    for (const { slots, length } of [this.#trusted, this.#others]) {
      for (let i = 0; i < length; i++) {
        const slot = slots[i]!;
        if (tried.includes(slot)) continue;
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
