import type { Cancellable, Cancellation } from "../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue, type Deadlines, Timer } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { CrossThreadQueue } from "../state/cross_thread_queue.ts";
import type { Pick } from "./picker.ts";

/** What a {@linkcode WaitingQueue} goes by. */
export interface WaitingQueueOptions {
  /** The timer. */
  readonly deadlines: Deadlines;
  /** How many requests may wait. */
  readonly length: number;
  /** How long each of them may wait, in milliseconds. */
  readonly timeout: number;
  /** What tells whose turn it is among several threads. Default: there is only this one. */
  readonly room?: CrossThreadQueue | undefined;
}

/** What a request in the queue wants. */
export interface QueuedRequest {
  /** Tries to get a server for it. */
  readonly pick: () => Pick;
  /** Whether it can be content with any server: it has not tried one. */
  readonly first: boolean;
  /** Calls the wait off. */
  readonly cancellation: Cancellation;
}

/**
 * Requests that wait because every server they could go to works on as many as it may, first come,
 * first served (HAProxy's `queue`), over all threads. Only one that has tried a server already, and
 * wants another, waits for those that its own thread frees, and looks for others every 100 ms.
 */
export class WaitingQueue {
  readonly #options: WaitingQueueOptions;
  readonly #room: CrossThreadQueue | undefined;
  readonly #timeoutQueue: DeadlineQueue;
  readonly #pollQueue: DeadlineQueue;
  /** In the order in which they came: a `Set` keeps that, and lets go of any at once. */
  readonly #waiters = new Set<Waiter>();
  readonly #poll: Timer = new Timer(() => this.#look());
  readonly #onCall = (places: number): void => this.wake(places);

  /** @param options What to go by. */
  constructor(options: WaitingQueueOptions) {
    this.#options = options;
    this.#room = options.room;
    this.#timeoutQueue = options.deadlines.queue(options.timeout);
    this.#pollQueue = options.deadlines.queue(0);
  }

  /** Whether any request waits, on this thread or another. */
  get crowded(): boolean {
    return this.#waiters.size > 0 || (this.#room !== undefined && this.#room.crowded);
  }

  /** How many requests wait on this thread. */
  get length(): number {
    return this.#waiters.size;
  }

  /**
   * Waits for a server.
   *
   * @returns What was picked; undefined where there is no server any more that it could wait for.
   * @throws {BalancerError} `overloaded` if too many wait already, `queue_timeout`, or the reason of
   * the cancellation.
   */
  async wait(want: QueuedRequest): Promise<Exclude<Pick, "full">> {
    const { cancellation } = want;
    if (cancellation.reason !== undefined) throw cancellation.reason;
    if (this.#waiters.size >= this.#options.length) throw overloaded(this.#options.length);
    const waiter = new Waiter(want, this.#options.timeout / 1000, this.#room?.takeTicket());
    this.#waiters.add(waiter);
    // From now on other threads know of it, so that no place becomes free unnoticed.
    if (this.#room !== undefined) this.#settle();
    this.#timeoutQueue.add(waiter);
    cancellation.attach(waiter);
    try {
      // Nobody who came before may be passed over.
      this.#serve(true);
      return await waiter.answer;
    } finally {
      this.#waiters.delete(waiter);
      waiter.disarm();
      if (this.#room !== undefined) this.#settle();
      cancellation.attach(undefined);
    }
  }

  /**
   * A server may have become free: gives it to the one who has waited longest, on any thread.
   *
   * @param places How many places may have become free. Default: 1.
   */
  wake(places = 1): void {
    const { served, thread } = this.#serve(true);
    // A call for nothing costs the other thread as much as one for a place.
    if (thread !== -1 && served < places) this.#room?.call(thread, places - served);
  }

  /** Looks for servers that have become free without a word. */
  #look(): void {
    // Not in turn: a thread that hangs must not hold up this one.
    this.#serve(false);
  }

  /**
   * Gives servers to those who wait here, as long as there are any and it is their turn.
   *
   * @returns How many were served, and the thread whose turn it is then, or -1.
   */
  #serve(inTurn: boolean): { served: number; thread: number } {
    const room = inTurn ? this.#room : undefined;
    let served = 0;
    let thread = -1;
    let full = false;
    for (const waiter of this.#waiters) {
      // One that has its answer may not have left yet: what it picked would be nobody's.
      if (waiter.answered) continue;
      if (room !== undefined) thread = room.threadWithOlderTicket(waiter.ticket);
      if (thread !== -1) break;
      if (waiter.tryPick()) {
        served++;
        this.#waiters.delete(waiter);
        continue;
      }
      // One that waits for certain servers only must not hold up all the others.
      full = waiter.first;
      if (full) break;
    }
    if (room !== undefined && thread === -1 && !full) thread = room.threadWithOlderTicket(0);
    this.#settle();
    return { served, thread };
  }

  /** Goes by who waits now. */
  #settle(): void {
    // Added servers and better health make servers free without a word.
    if (this.#waiters.size > 0) this.#pollQueue.add(this.#poll);
    else this.#poll.disarm();
    if (this.#room === undefined) return;
    if (this.#waiters.size > 0) this.#room.listen(this.#onCall);
    else this.#room.ignore();
    this.#room.publishOldest(this.#oldestTicket());
  }

  /** The oldest ticket of those that are content with any server; 0 if there is none. */
  #oldestTicket(): number {
    for (const waiter of this.#waiters) {
      if (waiter.first && !waiter.answered) return waiter.ticket;
    }
    return 0;
  }
}

class Waiter extends Deadline implements Cancellable {
  readonly #want: QueuedRequest;
  readonly #seconds: number;
  /** Its place among those who wait on all threads; 0 where there is only one. */
  readonly ticket: number;
  readonly #answer = Promise.withResolvers<Exclude<Pick, "full">>();
  /** Whether it has a server, or the reason why it gets none. */
  answered = false;

  constructor(want: QueuedRequest, seconds: number, ticket = 0) {
    super();
    this.#want = want;
    this.#seconds = seconds;
    this.ticket = ticket;
  }

  get answer(): Promise<Exclude<Pick, "full">> {
    return this.#answer.promise;
  }

  get first(): boolean {
    return this.#want.first;
  }

  /** Whether it waits no longer. Never throws: it may be another request's end, or a timer. */
  tryPick(): boolean {
    let pick: Pick;
    try {
      pick = this.#want.pick();
    } catch (error) {
      // A caller's own policy failed: that is the fault of this request alone.
      this.answered = true;
      this.#answer.reject(error);
      return true;
    }
    if (pick === "full") return false;
    this.answered = true;
    this.#answer.resolve(pick);
    return true;
  }

  cancel(reason: BalancerError): void {
    this.answered = true;
    this.#answer.reject(reason);
  }

  override onDue(): void {
    const message = `No server was below its max_connections within ${secondsText(this.#seconds)}`;
    this.cancel(new BalancerError("queue_timeout", message));
  }
}

function overloaded(length: number): BalancerError {
  const message = `Every server is at its max_connections, and ${length} requests wait already`;
  return new BalancerError("overloaded", message);
}
