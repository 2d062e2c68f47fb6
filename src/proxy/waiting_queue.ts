import type { Cancellable, Cancellation } from "../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue, type Deadlines, Timer } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import { secondsText } from "../model/seconds_text.ts";
import type { Pick } from "./picker.ts";
import { WaitingList, type WaitingListOptions, type WaitingRequest } from "./waiting_list.ts";

/** Options of a {@linkcode WaitingQueue}. */
export interface WaitingQueueOptions extends WaitingListOptions {
  /** Timers for the timeouts and the polls. */
  readonly deadlines: Deadlines;
  /** The longest that a request may wait, in milliseconds. */
  readonly timeout: number;
}

/** A request to be queued. */
export interface QueuedRequest {
  /** Picks a server and counts the request there. */
  readonly pick: () => Pick;
  /** Whether it has had no attempt yet, so that any server will do. */
  readonly firstAttempt: boolean;
  /** Cancels the wait. */
  readonly cancellation: Cancellation;
}

/**
 * Waiting list with promises and timeouts: a request waits until it is served, canceled or late.
 * The list is polled every 100 ms, as no wake-up follows when a server is added or becomes healthy.
 */
export class WaitingQueue extends WaitingList {
  readonly #options: WaitingQueueOptions;
  readonly #timeoutQueue: DeadlineQueue;
  readonly #pollQueue: DeadlineQueue;
  readonly #pollTimer: Timer = new Timer(() => {
    this.poll();
    this.#setPollTimer();
  });

  /** @param options The options. */
  constructor(options: WaitingQueueOptions) {
    super(options);
    this.#options = options;
    this.#timeoutQueue = options.deadlines.queue(options.timeout);
    this.#pollQueue = options.deadlines.queue(0);
  }

  /**
   * Waits for a server.
   *
   * @returns The server; undefined if no eligible server is left to wait for.
   * @throws {BalancerError} `overloaded` if the queue is full, `queue_timeout`, or the reason of
   * the cancellation.
   */
  async wait(request: QueuedRequest): Promise<Exclude<Pick, "full">> {
    const { cancellation } = request;
    const { length, timeout } = this.#options;
    if (cancellation.reason !== undefined) throw cancellation.reason;
    if (this.full) throw overloaded(length);
    const waiter = new Waiter(this, request, timeout / 1000);
    this.join(waiter);
    this.#setPollTimer();
    this.#timeoutQueue.add(waiter);
    cancellation.attach(waiter);
    try {
      return await waiter.result;
    } finally {
      waiter.disarm();
      this.#setPollTimer();
      cancellation.attach(undefined);
    }
  }

  #setPollTimer(): void {
    if (this.length > 0) this.#pollQueue.add(this.#pollTimer);
    else this.#pollTimer.disarm();
  }
}

class Waiter extends Deadline implements Cancellable, WaitingRequest {
  readonly #list: WaitingList;
  readonly #request: QueuedRequest;
  readonly #seconds: number;
  readonly #result = Promise.withResolvers<Exclude<Pick, "full">>();
  ticket = 0;
  previous: WaitingRequest | undefined;
  next: WaitingRequest | undefined;

  constructor(list: WaitingList, request: QueuedRequest, seconds: number) {
    super();
    this.#list = list;
    this.#request = request;
    this.#seconds = seconds;
  }

  get result(): Promise<Exclude<Pick, "full">> {
    return this.#result.promise;
  }

  get firstAttempt(): boolean {
    return this.#request.firstAttempt;
  }

  pick(): Pick {
    try {
      return this.#request.pick();
    } catch (error) {
      // A custom policy threw: fail this request, and not the one that freed a server.
      this.#result.reject(error);
      return undefined;
    }
  }

  picked(pick: Exclude<Pick, "full">): void {
    this.#result.resolve(pick);
  }

  cancel(reason: BalancerError): void {
    this.#list.leave(this);
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
