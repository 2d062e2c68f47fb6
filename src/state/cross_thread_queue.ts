import { layOut, ROOM_BITS, type TableMemory } from "./table_memory.ts";

/** Where the last ticket is that was drawn; what comes behind it depends on the threads. */
const LAST_TICKET = 0;

/** What `Atomics.waitAsync` returns; the library of types that is in force does not know it. */
type AsyncWait =
  | { readonly async: false; readonly value: string }
  | { readonly async: true; readonly value: Promise<string> };

const { waitAsync } = Atomics as unknown as {
  readonly waitAsync: (cells: Int32Array, index: number, value: number) => AsyncWait;
};

/**
 * Nobody waits on a thread any more, as it has come to its end.
 *
 * @param memory The memory of the state table, for several threads.
 * @param thread The number of the thread.
 * @param places How many places it had, which are the others' now.
 */
export function vacate(memory: TableMemory, thread: number, places: number): void {
  const room = new CrossThreadQueue(memory, thread);
  const next = room.threadWithOlderTicket(0);
  if (next !== -1) room.call(next, places);
}

/**
 * The order of those who wait for a server, over all threads: each draws a ticket, and each thread
 * shows the ticket of the one who has waited longest there. A thread that frees a place can so tell
 * whose turn it is, and wake that thread.
 *
 * It stands on a `SharedArrayBuffer`. Nothing in it keeps a thread or the process alive.
 */
export class CrossThreadQueue {
  readonly #cells: Int32Array;
  readonly #threads: number;
  readonly #thread: number;
  /** Where the tickets shown, the wake-up calls and the summary begin. */
  readonly #heads = LAST_TICKET + 1;
  readonly #calls: number;
  readonly #summary: number;
  /** Whether calls are wanted, and whether one is waited for; the latter may outlive the former. */
  #wanted = false;
  #waiting = false;

  /**
   * Whoever waited under this thread's number before is gone: a new thread has taken its place.
   *
   * @param memory The memory of the state table, for several threads.
   * @param thread The number of this thread, 0 to `memory.threads - 1`.
   */
  constructor(memory: TableMemory, thread: number) {
    this.#cells = layOut(memory).room;
    this.#threads = memory.threads;
    this.#thread = thread;
    this.#calls = this.#heads + this.#threads;
    this.#summary = this.#calls + this.#threads;
    this.publishOldest(0);
  }

  /** Whether anybody waits on any thread: one plain read for up to 32 threads. */
  get crowded(): boolean {
    for (let at = this.#summary; at < this.#cells.length; at++) {
      if (this.#cells[at] !== 0) return true;
    }
    return false;
  }

  /** Draws a ticket, never 0. Later ones are younger, also where the numbers begin anew. */
  takeTicket(): number {
    const ticket = (Atomics.add(this.#cells, LAST_TICKET, 1) + 1) | 0;
    return ticket === 0 ? this.takeTicket() : ticket;
  }

  /** Shows the others the oldest ticket on this thread; 0 if nobody waits here. */
  publishOldest(ticket: number): void {
    const head = this.#heads + this.#thread;
    if (this.#cells[head] === ticket) return;
    Atomics.store(this.#cells, head, ticket);
    const at = this.#summary + Math.floor(this.#thread / ROOM_BITS);
    const bit = 1 << (this.#thread % ROOM_BITS);
    if (ticket === 0) Atomics.and(this.#cells, at, ~bit);
    else Atomics.or(this.#cells, at, bit);
  }

  /**
   * The other thread that shows the oldest ticket.
   *
   * @param ticket The ticket that it has to be older than; 0 for any.
   * @returns The thread's number, or -1 if no other shows an older one.
   */
  threadWithOlderTicket(ticket: number): number {
    let oldest = ticket;
    let found = -1;
    for (let thread = 0; thread < this.#threads; thread++) {
      if (thread === this.#thread) continue;
      const shown = Atomics.load(this.#cells, this.#heads + thread);
      if (shown === 0 || (oldest !== 0 && ((shown - oldest) | 0) >= 0)) continue;
      oldest = shown;
      found = thread;
    }
    return found;
  }

  /**
   * Tells a thread that it is its turn, where it listens.
   *
   * @param thread The thread's number.
   * @param places How many places have become free for it. Default: 1.
   */
  call(thread: number, places = 1): void {
    Atomics.add(this.#cells, this.#calls + thread, places);
    Atomics.notify(this.#cells, this.#calls + thread);
  }

  /**
   * Listens until {@linkcode ignore}. Harmless a second time.
   *
   * @param onCall Called when it is this thread's turn, with the number of places; always the same.
   */
  listen(onCall: (places: number) => void): void {
    this.#wanted = true;
    if (!this.#waiting) this.#wait(onCall);
  }

  /** Listens no more. A call that was on its way still comes, to be passed on. */
  ignore(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    // Ends the wait, which would otherwise hold what was to be called for ever.
    Atomics.notify(this.#cells, this.#calls + this.#thread);
  }

  #wait(onCall: (places: number) => void, seen?: number): void {
    this.#waiting = true;
    const cell = this.#calls + this.#thread;
    const before = seen ?? Atomics.load(this.#cells, cell);
    const waiting = waitAsync(this.#cells, cell, before);
    // Not asynchronous: called since the load, so it is due as soon as this turn is over.
    Promise.resolve(waiting.value).then(() => {
      this.#waiting = false;
      // What comes after this look is for the next wait, which may begin with it.
      const places = (Atomics.load(this.#cells, cell) - before) | 0;
      if (this.#wanted) this.#wait(onCall, (before + places) | 0);
      // Where the wait was ended by its own thread, nobody called.
      if (places !== 0) onCall(places);
    });
  }
}
