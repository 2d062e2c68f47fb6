import type { CrossThreadQueue } from "../state/cross_thread_queue.ts";
import type { Pick } from "./picker.ts";

/** A request in a {@linkcode WaitingList}. */
export interface WaitingRequest {
  /** Whether any server will do. A retry waits for the servers without a previous attempt. */
  readonly firstAttempt: boolean;
  /** Ticket of the cross-thread queue; 0 with a single thread. Owned by the list. */
  ticket: number;
  /** The request ahead. Owned by the list. */
  previous: WaitingRequest | undefined;
  /** The request behind. Owned by the list. */
  next: WaitingRequest | undefined;
  /** Picks a server and counts the request there. Must not throw. */
  pick(): Pick;
  /** Called with the result of its pick once the request has left the list. */
  picked(pick: Exclude<Pick, "full">): void;
}

/** Options of a {@linkcode WaitingList}. */
export interface WaitingListOptions {
  /** The most requests that may wait on this thread. */
  readonly length: number;
  /** Order of the requests that wait on several threads. Default: there is a single thread. */
  readonly crossThread?: CrossThreadQueue | undefined;
}

/**
 * Order of the requests that wait because every server they could go to is at its limit: first
 * come, first served (HAProxy's `queue`), over all threads. A retry, which waits for certain
 * servers only, does not hold up the requests behind it, and waits for its own thread's servers.
 */
export class WaitingList {
  readonly #limit: number;
  readonly #crossThread: CrossThreadQueue | undefined;
  readonly #onCall = (freed: number): void => this.wake(freed);
  #first: WaitingRequest | undefined;
  #last: WaitingRequest | undefined;
  #length = 0;

  /** @param options The options. */
  constructor({ length, crossThread }: WaitingListOptions) {
    this.#limit = length;
    this.#crossThread = crossThread;
  }

  /** Whether any request waits, on this thread or another. */
  get crowded(): boolean {
    return this.#length > 0 || (this.#crossThread !== undefined && this.#crossThread.crowded);
  }

  /** How many requests wait on this thread. */
  get length(): number {
    return this.#length;
  }

  /** Whether no further request may wait. */
  get full(): boolean {
    return this.#length >= this.#limit;
  }

  /** Appends a request, if the list is not full, and serves those whose turn it is. */
  join(request: WaitingRequest): void {
    request.ticket = this.#crossThread === undefined ? 0 : this.#crossThread.takeTicket();
    request.previous = this.#last;
    if (this.#last === undefined) this.#first = request;
    else this.#last.next = request;
    this.#last = request;
    this.#length++;
    // From now on other threads know of it, so that no free server goes unnoticed.
    this.#publish();
    // The newcomer must not overtake the requests ahead of it.
    this.#serve(this.#crossThread);
  }

  /** Removes a request. Does nothing if it has left already. */
  leave(request: WaitingRequest): void {
    if (request.previous === undefined && this.#first !== request) return;
    this.#unlink(request);
    this.#publish();
  }

  /**
   * Gives servers that may have become free to the requests that have waited longest, on any
   * thread.
   *
   * @param freed How many requests the servers may take. Default: 1.
   */
  wake(freed = 1): void {
    const { served, thread } = this.#serve(this.#crossThread);
    // A needless call costs the other thread as much as a useful one.
    if (thread !== -1 && served < freed) this.#crossThread?.call(thread, freed - served);
  }

  /** Serves this thread's requests out of turn, so that a hanging thread does not hold them up. */
  poll(): void {
    this.#serve(undefined);
  }

  /**
   * Serves requests while there are free servers and it is this thread's turn.
   *
   * @returns How many were served, and the thread whose turn it is then, or -1.
   */
  #serve(crossThread: CrossThreadQueue | undefined): { served: number; thread: number } {
    let served = 0;
    let thread = -1;
    let full = false;
    let request = this.#first;
    while (request !== undefined && !full) {
      if (crossThread !== undefined) thread = crossThread.threadWithOlderTicket(request.ticket);
      if (thread !== -1) break;
      const pick = request.pick();
      if (pick === "full") {
        full = request.firstAttempt;
        request = request.next;
        continue;
      }
      served++;
      this.#unlink(request);
      request.picked(pick);
      // Not the next one: it may have been served or removed meanwhile.
      request = this.#first;
    }
    if (crossThread !== undefined && thread === -1 && !full) {
      thread = crossThread.threadWithOlderTicket(0);
    }
    this.#publish();
    return { served, thread };
  }

  /** Publishes the oldest ticket of this thread to the others. */
  #publish(): void {
    const crossThread = this.#crossThread;
    if (crossThread === undefined) return;
    if (this.#length > 0) crossThread.listen(this.#onCall);
    else crossThread.ignore();
    let oldest = this.#first;
    while (oldest !== undefined && !oldest.firstAttempt) oldest = oldest.next;
    crossThread.publishOldest(oldest === undefined ? 0 : oldest.ticket);
  }

  #unlink(request: WaitingRequest): void {
    const { previous, next } = request;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    request.previous = request.next = undefined;
    this.#length--;
  }
}
