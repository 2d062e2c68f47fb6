import { callGuarded } from "../model/guarded_call.ts";
import type { Server } from "../model/server.ts";

/** Number of events that are kept. */
export const EVENTS_KEPT = 1000;

/** Kinds of events of a server. */
export type BalancerEventType =
  /** It was added. */
  | "added"
  /** Its name, weight or another setting was changed. */
  | "updated"
  /** It was removed. */
  | "removed"
  /** A health check found it healthy again. */
  | "healthy"
  /** Health checks found it unhealthy. */
  | "unhealthy"
  /** It failed too many requests and is ejected for a while. */
  | "ejected"
  /** Its ejection is over, and it is being probed with one request at a time. */
  | "on_trial"
  /** It returned to rotation after an ejection. */
  | "returned";

/** A change of the servers, or of the health of one. */
export interface BalancerEvent {
  /** Number of the event: one more than that of the event before. */
  readonly number: number;
  /** When it happened. */
  readonly at: Date;
  /** What happened. */
  readonly type: BalancerEventType;
  /** The server after it; for `removed`, as it was. */
  readonly server: Server;
  /** The server before an update; undefined for other events. */
  readonly previous?: Server;
  /** Reason, for humans; undefined if there is none. */
  readonly detail: string | undefined;
}

/** A new event, without number and time. */
export type EventNews = Omit<BalancerEvent, "number" | "at">;

/** The failed action, for the log. */
const NOTIFY = "notify a listener of balancer.events";

/** A subscription. */
interface Subscriber {
  readonly listener: (event: BalancerEvent) => unknown;
  readonly onClose: () => unknown;
}

/** The latest events, and subscriptions to new ones. */
export class EventLog {
  readonly #date: () => Date;
  readonly #kept: BalancerEvent[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #count = 0;
  #closed = false;
  /** Identifier of this log, as the numbers start again when the balancer restarts. */
  readonly run: string;

  /**
   * Makes an empty log.
   *
   * @param date Returns the current date and time.
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

  /** Whether the log is closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The latest events, oldest first.
   *
   * @param count Number of events; at most 1000 are kept.
   */
  last(count: number): readonly BalancerEvent[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - count));
  }

  /**
   * The events after a number, oldest first; undefined if some of them are no longer kept, or the
   * number is not of this log.
   *
   * @param number Number of the last known event.
   */
  after(number: number): readonly BalancerEvent[] | undefined {
    const missed = this.#count - number;
    if (missed < 0 || missed > this.#kept.length) return undefined;
    return this.last(missed);
  }

  /**
   * Calls `listener` for each new event. If it throws, or returns a promise that rejects, the error is
   * logged, and the subscription goes on.
   *
   * @param listener Called with each event.
   * @param onClose Called when the log is closed; its errors are logged too. Default: no callback.
   * @returns Ends the subscription.
   */
  subscribe(
    listener: (event: BalancerEvent) => unknown,
    onClose: () => unknown = nothing,
  ): () => void {
    const subscriber = { listener, onClose };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /** Adds an event. */
  add(news: EventNews): void {
    const event: BalancerEvent = { number: ++this.#count, at: this.#date(), ...news };
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    // Listeners may end subscriptions, and start others, which apply to later events.
    for (const subscriber of [...this.#subscribers]) {
      if (!this.#subscribers.has(subscriber)) continue;
      callGuarded(NOTIFY, () => subscriber.listener(event));
    }
  }

  /** Closes the log with the balancer. */
  close(): void {
    this.#closed = true;
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const { onClose } of subscribers) callGuarded(NOTIFY, onClose);
  }
}

function nothing(): void {}
