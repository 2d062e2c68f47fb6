import type { Cancellable, Cancellation } from "../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue, type Deadlines, Timer } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { CrossThreadQueue } from "../state/cross_thread_queue.ts";
import type { Pick } from "./picker.ts";

/** Options of a {@linkcode WaitingQueue}. */
export interface WaitingQueueOptions {
  /** Timers. */
  readonly deadlines: Deadlines;
  /** How many requests may wait. */
  readonly length: number;
  /** How long a request may wait, in milliseconds. */
  readonly timeout: number;
  /** Order of the waiting requests of all threads. Default: there is only this thread. */
  readonly crossThread?: CrossThreadQueue | undefined;
}

/** A request that waits for a server. */
export interface QueuedRequest {
  /** Picks a server for it. */
  readonly pick: () => Pick;
  /** Whether it has had no attempt yet, so that any server will do. */
  readonly firstAttempt: boolean;
  /** Cancels the wait. */
  readonly cancellation: Cancellation;
}

/**
 * Queue of requests that wait because every eligible server is at its limit: first come, first served
 * over all threads (HAProxy's `queue`). A request that waits to be retried on another server is the
 * exception: it gets what its own thread frees, and polls for the rest every 100 ms.
 */
export class WaitingQueue {
  readonly #options: WaitingQueueOptions;
  readonly #crossThread: CrossThreadQueue | undefined;
  readonly #timeoutQueue: DeadlineQueue;
  readonly #pollQueue: DeadlineQueue;
  /** In order of arrival, which a `Set` keeps; deleting any of them is cheap. */
  readonly #waiters = new Set<Waiter>();
  readonly #poll: Timer = new Timer(() => this.#serveUnordered());
  readonly #onCall = (freed: number): void => this.wake(freed);

  /** @param options The options. */
  constructor(options: WaitingQueueOptions) {
    this.#options = options;
    this.#crossThread = options.crossThread;
    this.#timeoutQueue = options.deadlines.queue(options.timeout);
    this.#pollQueue = options.deadlines.queue(0);
  }

  /** Whether any request waits, on this thread or another. */
  get crowded(): boolean {
    return this.#waiters.size > 0 ||
      (this.#crossThread !== undefined && this.#crossThread.crowded);
  }

  /** How many requests wait on this thread. */
  get length(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for a server.
   *
   * @returns The server; undefined if no eligible server is left to wait for.
   * @throws {BalancerError} `overloaded` if the queue is full, `queue_timeout`, or the reason of the
   * cancellation.
   */
  async wait(request: QueuedRequest): Promise<Exclude<Pick, "full">> {
    const { cancellation } = request;
    if (cancellation.reason !== undefined) throw cancellation.reason;
    if (this.#waiters.size >= this.#options.length) throw overloaded(this.#options.length);
    const waiter = new Waiter(
      request,
      this.#options.timeout / 1000,
      this.#crossThread?.takeTicket(),
    );
    this.#waiters.add(waiter);
    // Published to the other threads first, so that none frees a server without noticing it.
    if (this.#crossThread !== undefined) this.#update();
    this.#timeoutQueue.add(waiter);
    cancellation.attach(waiter);
    try {
      // In order: earlier requests come first.
      this.#serve(true);
      return await waiter.result;
    } finally {
      this.#waiters.delete(waiter);
      waiter.disarm();
      if (this.#crossThread !== undefined) this.#update();
      cancellation.attach(undefined);
    }
  }

  /**
   * Gives servers that may have become free to the requests that have waited longest, on any thread.
   *
   * @param freed How many requests the servers may be able to take. Default: 1.
   */
  wake(freed = 1): void {
    const { served, thread } = this.#serve(true);
    // A needless call costs the other thread as much as a useful one.
    if (thread !== -1 && served < freed) this.#crossThread?.call(thread, freed - served);
  }

  /** Polls for servers that became free without a wake-up. */
  #serveUnordered(): void {
    // Regardless of other threads: one that hangs must not hold up this one.
    this.#serve(false);
  }

  /**
   * Gives servers to the requests that wait on this thread, until no server is free.
   *
   * @param inOrder Whether to stop where a request on another thread has waited longer.
   * @returns How many requests were served, and the thread to be served next, or -1.
   */
  #serve(inOrder: boolean): { served: number; thread: number } {
    const crossThread = inOrder ? this.#crossThread : undefined;
    let served = 0;
    let thread = -1;
    let full = false;
    for (const waiter of this.#waiters) {
      // Settled, but not removed yet: a second pick would never be released.
      if (waiter.settled) continue;
      if (crossThread !== undefined) thread = crossThread.threadWithOlderTicket(waiter.ticket);
      if (thread !== -1) break;
      if (waiter.tryPick()) {
        served++;
        this.#waiters.delete(waiter);
        continue;
      }
      // A retry cannot go to every server, so it must not hold up the requests behind it.
      full = waiter.firstAttempt;
      if (full) break;
    }
    if (crossThread !== undefined && thread === -1 && !full) {
      thread = crossThread.threadWithOlderTicket(0);
    }
    this.#update();
    return { served, thread };
  }

  /** Adapts the timer and the published ticket to the requests that wait now. */
  #update(): void {
    // No wake-up follows when a server is added or becomes healthy.
    if (this.#waiters.size > 0) this.#pollQueue.add(this.#poll);
    else this.#poll.disarm();
    if (this.#crossThread === undefined) return;
    if (this.#waiters.size > 0) this.#crossThread.listen(this.#onCall);
    else this.#crossThread.ignore();
    this.#crossThread.publishOldest(this.#oldestTicket());
  }

  /** The oldest ticket of a request that any server will do for; 0 if there is none. */
  #oldestTicket(): number {
    for (const waiter of this.#waiters) {
      if (waiter.firstAttempt && !waiter.settled) return waiter.ticket;
    }
    return 0;
  }
}

class Waiter extends Deadline implements Cancellable {
  readonly #request: QueuedRequest;
  readonly #seconds: number;
  /** Its position among the requests of all threads; 0 if there is only one thread. */
  readonly ticket: number;
  readonly #result = Promise.withResolvers<Exclude<Pick, "full">>();
  /** Whether it has a server, or an error. */
  settled = false;

  constructor(request: QueuedRequest, seconds: number, ticket = 0) {
    super();
    this.#request = request;
    this.#seconds = seconds;
    this.ticket = ticket;
  }

  get result(): Promise<Exclude<Pick, "full">> {
    return this.#result.promise;
  }

  get firstAttempt(): boolean {
    return this.#request.firstAttempt;
  }

  /** Whether the wait is over. Never throws: the caller may be another request, or a timer. */
  tryPick(): boolean {
    let pick: Pick;
    try {
      pick = this.#request.pick();
    } catch (error) {
      // The program's own policy threw: fail this request only.
      this.settled = true;
      this.#result.reject(error);
      return true;
    }
    if (pick === "full") return false;
    this.settled = true;
    this.#result.resolve(pick);
    return true;
  }

  cancel(reason: BalancerError): void {
    this.settled = true;
    this.#result.reject(reason);
  }

  override onDue(): void {
    const message = `No server was below its max_connections within ${secondsText(this.#seconds)}`;
    this.cancel(new BalancerError("queue_timeout", message));
  }
}

function overloaded(length: number): BalancerError {
  const message =
    `Every server is at its max_connections, and ${length} requests are queued already`;
  return new BalancerError("overloaded", message);
}
