import type { StateTable } from "./state_table.ts";
import { ACTIVITY_SHIFT, layOut, SUMMARY_BITS, type TableMemory } from "./table_memory.ts";

/** Index of the last ticket; the other indices depend on the number of threads. */
const LAST_TICKET = 0;

/** Result of `Atomics.waitAsync`, which the configured type library lacks. */
type AsyncWait =
  | { readonly async: false; readonly value: string }
  | { readonly async: true; readonly value: Promise<string> };

const { waitAsync } = Atomics as unknown as {
  readonly waitAsync: (cells: Int32Array, index: number, value: number) => AsyncWait;
};

/**
 * Order of the requests that wait for a server on all threads: each request takes a ticket, and each
 * thread publishes its oldest one. A thread that frees a server can tell whose turn it is, and call
 * that thread.
 *
 * It is part of the state table's shared memory, and keeps neither a thread nor the process alive.
 */
export class CrossThreadQueue {
  readonly #cells: Int32Array;
  readonly #threads: number;
  readonly #thread: number;
  /** Indices of the published tickets, the calls and the summary. */
  readonly #oldest = LAST_TICKET + 1;
  readonly #calls: number;
  readonly #summary: number;
  /** Whether this thread listens, and whether a wait is pending, which may outlast listening. */
  #listening = false;
  #waiting = false;

  /**
   * Makes the queue of a new thread. Requests of an earlier thread with this number are forgotten.
   *
   * @param memory Memory of a state table for several threads.
   * @param thread Number of this thread, 0 to `memory.threads - 1`.
   */
  constructor(memory: TableMemory, thread: number) {
    this.#cells = layOut(memory).crossThreadQueue;
    this.#threads = memory.threads;
    this.#thread = thread;
    this.#calls = this.#oldest + this.#threads;
    this.#summary = this.#calls + this.#threads;
    this.publishOldest(0);
  }

  /** Whether requests wait on any thread: one plain read for up to 32 threads. */
  get crowded(): boolean {
    for (let at = this.#summary; at < this.#cells.length; at++) {
      if (this.#cells[at] !== 0) return true;
    }
    return false;
  }

  /** Takes a ticket, never 0. Tickets are ordered even when the numbers wrap around. */
  takeTicket(): number {
    const ticket = (Atomics.add(this.#cells, LAST_TICKET, 1) + 1) | 0;
    return ticket === 0 ? this.takeTicket() : ticket;
  }

  /** Publishes the oldest ticket of this thread; 0 if no request waits here. */
  publishOldest(ticket: number): void {
    const index = this.#oldest + this.#thread;
    if (this.#cells[index] === ticket) return;
    Atomics.store(this.#cells, index, ticket);
    const at = this.#summary + Math.floor(this.#thread / SUMMARY_BITS);
    const bit = 1 << (this.#thread % SUMMARY_BITS);
    if (ticket === 0) Atomics.and(this.#cells, at, ~bit);
    else Atomics.or(this.#cells, at, bit);
  }

  /**
   * Finds the other thread with the oldest ticket.
   *
   * @param ticket Ticket that it must be older than; 0 for any.
   * @returns Number of the thread, or -1 if there is none.
   */
  threadWithOlderTicket(ticket: number): number {
    let oldest = ticket;
    let found = -1;
    for (let thread = 0; thread < this.#threads; thread++) {
      if (thread === this.#thread) continue;
      const oldestThere = Atomics.load(this.#cells, this.#oldest + thread);
      if (oldestThere === 0 || (oldest !== 0 && ((oldestThere - oldest) | 0) >= 0)) continue;
      oldest = oldestThere;
      found = thread;
    }
    return found;
  }

  /**
   * Calls a thread whose turn it is. It takes notice if it listens.
   *
   * @param thread Number of the thread.
   * @param freed How many requests the free servers can take. Default: 1.
   */
  call(thread: number, freed = 1): void {
    Atomics.add(this.#cells, this.#calls + thread, freed);
    Atomics.notify(this.#cells, this.#calls + thread);
  }

  /**
   * Listens for calls until {@linkcode ignore}. Harmless if it listens already.
   *
   * @param onCall Called with the number of requests that free servers can take; always the same.
   */
  listen(onCall: (freed: number) => void): void {
    this.#listening = true;
    if (!this.#waiting) this.#wait(onCall);
  }

  /** Stops listening. A call that is on its way still arrives, to be passed on. */
  ignore(): void {
    if (!this.#listening) return;
    this.#listening = false;
    // Ends the wait, which would otherwise keep the callback for ever.
    Atomics.notify(this.#cells, this.#calls + this.#thread);
  }

  #wait(onCall: (freed: number) => void, seen?: number): void {
    this.#waiting = true;
    const cell = this.#calls + this.#thread;
    const before = seen ?? Atomics.load(this.#cells, cell);
    const waiting = waitAsync(this.#cells, cell, before);
    // If it is not asynchronous, a call came after the load, which counts as soon as this turn ends.
    Promise.resolve(waiting.value).then(() => {
      this.#waiting = false;
      // Later calls are left to the next wait.
      const freed = (Atomics.load(this.#cells, cell) - before) | 0;
      if (this.#listening) this.#wait(onCall, (before + freed) | 0);
      // 0 if this thread ended the wait itself.
      if (freed !== 0) onCall(freed);
    });
  }
}

/**
 * Reclaims the counts of a thread that has died: its active requests end, and the thread whose turn it
 * is gets called for the servers that they had.
 *
 * @param table State of the servers.
 * @param thread Number of the dead thread.
 */
export function reclaimCounts({ memory, end }: StateTable, thread: number): void {
  const { own, active, activity } = layOut(memory);
  const counts = own[thread]!;
  let freed = 0;
  for (let slot = 0; slot < end; slot++) {
    freed += counts[slot]!;
    Atomics.sub(active, slot, counts[slot]!);
    counts[slot] = 0;
  }
  // Every block: the thread may have died between counting a request and counting the activity.
  for (let block = 0; block << ACTIVITY_SHIFT < end; block++) Atomics.add(activity, block, 1);
  if (memory.threads === 1) return;
  // Also forgets the requests that waited on the dead thread.
  const queue = new CrossThreadQueue(memory, thread);
  const next = queue.threadWithOlderTicket(0);
  if (next !== -1) queue.call(next, freed);
}
