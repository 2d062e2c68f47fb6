import type { Cancellable, Cancellation } from "../core/cancellation.ts";
import { Deadline, type DeadlineQueue, type Deadlines } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";
import type { Pick } from "./picker.ts";

/** What a {@linkcode WaitingQueue} goes by. */
export interface WaitingQueueOptions {
  /** The timer. */
  readonly deadlines: Deadlines;
  /** How many requests may wait. */
  readonly length: number;
  /** How long each of them may wait, in milliseconds. */
  readonly timeout: number;
}

/** What a request in the queue wants. */
export interface Want {
  /** Tries to get a server for it. */
  readonly pick: () => Pick;
  /** Whether it can be content with any server: it has not tried one. */
  readonly first: boolean;
  /** Calls the wait off. */
  readonly cancellation: Cancellation;
}

/**
 * Requests that wait because every server they could go to works on as many as it may, first come,
 * first served (HAProxy's `queue`).
 */
export class WaitingQueue {
  readonly #options: WaitingQueueOptions;
  readonly #timeoutQueue: DeadlineQueue;
  readonly #pollQueue: DeadlineQueue;
  /** In the order in which they came: a `Set` keeps that, and lets go of any at once. */
  readonly #waiters = new Set<Waiter>();
  readonly #poll: Poll = new Poll(() => this.wake());

  /** @param options What to go by. */
  constructor(options: WaitingQueueOptions) {
    this.#options = options;
    this.#timeoutQueue = options.deadlines.queue(options.timeout);
    this.#pollQueue = options.deadlines.queue(0);
  }

  /** How many requests wait. */
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
  async wait(want: Want): Promise<Exclude<Pick, "full">> {
    const { cancellation } = want;
    if (cancellation.reason !== undefined) throw cancellation.reason;
    if (this.#waiters.size >= this.#options.length) throw overloaded(this.#options.length);
    const waiter = new Waiter(want, this.#options.timeout / 1000);
    this.#waiters.add(waiter);
    this.#timeoutQueue.add(waiter);
    cancellation.attach(waiter);
    try {
      // Nobody who came before may be passed over.
      this.wake();
      return await waiter.answer;
    } finally {
      this.#waiters.delete(waiter);
      waiter.meet();
      cancellation.attach(undefined);
    }
  }

  /** A server may have become free: gives it to the one who has waited longest. */
  wake(): void {
    for (const waiter of this.#waiters) {
      // One that has its answer may not have left yet: what it picked would be nobody's.
      if (waiter.answered) continue;
      if (waiter.tryPick()) this.#waiters.delete(waiter);
      // One that waits for certain servers only must not hold up all the others.
      else if (waiter.first) break;
    }
    // Other threads, added servers and better health make servers free without a word.
    if (this.#waiters.size > 0) this.#pollQueue.add(this.#poll);
    else this.#poll.meet();
  }
}

class Waiter extends Deadline implements Cancellable {
  readonly #want: Want;
  readonly #seconds: number;
  readonly #answer = Promise.withResolvers<Exclude<Pick, "full">>();
  /** Whether it has a server, or the reason why it gets none. */
  answered = false;

  constructor(want: Want, seconds: number) {
    super();
    this.#want = want;
    this.#seconds = seconds;
  }

  get answer(): Promise<Exclude<Pick, "full">> {
    return this.#answer.promise;
  }

  get first(): boolean {
    return this.#want.first;
  }

  tryPick(): boolean {
    const pick = this.#want.pick();
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
    const message = `No server was below its max_connections within ${this.#seconds} s`;
    this.cancel(new BalancerError("queue_timeout", message));
  }
}

/** When the queue looks again. */
class Poll extends Deadline {
  readonly #onDue: () => void;

  constructor(onDue: () => void) {
    super();
    this.#onDue = onDue;
  }

  override onDue(): void {
    this.#onDue();
  }
}

function overloaded(length: number): BalancerError {
  const message = `Every server is at its max_connections, and ${length} requests wait already`;
  return new BalancerError("overloaded", message);
}
