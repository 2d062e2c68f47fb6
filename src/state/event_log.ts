import { callGuarded } from "../model/guarded_call.ts";
import type { Server } from "../model/server.ts";

/** The number of events that are kept. */
export const EVENTS_KEPT = 1000;

/** A change of a server or of its state. */
export interface BalancerEvent {
  /** Sequence number: one more than that of the event before. */
  readonly number: number;
  /** When it happened. */
  readonly at: Date;
  /** Kind of change. */
  readonly type:
    /** The server was added. */
    | "added"
    /** Its name, weight or another field was changed. */
    | "updated"
    /** It was removed. */
    | "removed"
    /** It became healthy by its health checks. */
    | "healthy"
    /** It became unhealthy by its health checks. */
    | "unhealthy"
    /** It was ejected, as it failed too many requests. */
    | "ejected"
    /** Its ejection ended, and it is probed with one request at a time. */
    | "on_trial"
    /** It returned to rotation after an ejection. */
    | "returned";
  /** The server afterwards; for `removed`, as it was. */
  readonly server: Server;
  /** The server before an update; absent otherwise. */
  readonly previous?: Server;
  /** Reason, for people; undefined where there is nothing to add. */
  readonly detail: string | undefined;
}

/** The callbacks of one subscription. */
interface Subscriber {
  readonly listener: (event: BalancerEvent) => unknown;
  readonly onClose: () => unknown;
}

/** Log of the latest events of a balancer, with subscriptions to new ones. */
export class EventLog {
  readonly #date: () => Date;
  readonly #kept: BalancerEvent[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #count = 0;
  #closed = false;
  /** Identifies this log, as another one, such as a restarted balancer's, has the same numbers. */
  readonly run: string;

  /**
   * Makes an empty log.
   *
   * @param date Returns the time.
   * @param run See {@linkcode EventLog.run}. Default: 12 random hexadecimal digits.
   */
  constructor(date: () => Date, run: string = crypto.randomUUID().slice(-12)) {
    this.#date = date;
    this.run = run;
  }

  /** Number of the latest event; 0 before the first. */
  get latest(): number {
    return this.#count;
  }

  /** Whether the log is closed: there will be no more events. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The latest events, oldest first.
   *
   * @param count Maximum number of events; at most 1000 are kept.
   */
  last(count: number): readonly BalancerEvent[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - count));
  }

  /**
   * The events after a number, oldest first; undefined if some of them are no longer kept, or the
   * number is not one of this log.
   *
   * @param number Number of the last event that the caller has.
   */
  after(number: number): readonly BalancerEvent[] | undefined {
    const missed = this.#count - number;
    if (missed < 0 || missed > this.#kept.length) return undefined;
    return this.last(missed);
  }

  /**
   * Calls `listener` for each new event. An exception of it, or a rejected promise, is logged, and it
   * is still called for the next event.
   *
   * @param listener Receives each event.
   * @param onClose Called when the log is closed; guarded in the same way. Default: nothing.
   * @returns A function that ends the subscription.
   */
  subscribe(
    listener: (event: BalancerEvent) => unknown,
    onClose: () => unknown = nothing,
  ): () => void {
    const subscriber = { listener, onClose };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Records an event and passes it to the subscribers. */
  add(news: Omit<BalancerEvent, "number" | "at">): void {
    const event: BalancerEvent = { number: ++this.#count, at: this.#date(), ...news };
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    // A listener may end subscriptions, and start others, which begin with the next event.
    for (const subscriber of [...this.#subscribers]) {
      if (!this.#subscribers.has(subscriber)) continue;
      callGuarded("call a listener of balancer.events", () => subscriber.listener(event));
    }
  }

  /** Closes the log, as the balancer is closed. */
  close(): void {
    this.#closed = true;
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const { onClose } of subscribers) {
      callGuarded("call a listener of balancer.events", onClose);
    }
  }
}

function nothing(): void {}
