import { callGuarded } from "../model/guarded_call.ts";
import type { Server } from "../model/server.ts";

/** How many events are kept for those who were away for a while. */
export const EVENTS_KEPT = 1000;

/** What happened to a server. */
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
  /** It failed too many requests and is out for a while. */
  | "ejected"
  /** It was ejected, and gets one request at a time, which decides. */
  | "on_trial"
  /** It returned to rotation after an ejection. */
  | "returned";

/** A change of the servers, or of how one of them does. */
export interface BalancerEvent {
  /** Its number: one more than that of the event before. */
  readonly number: number;
  /** When it happened. */
  readonly at: Date;
  /** What happened. */
  readonly type: BalancerEventType;
  /** The server after it; for `removed`, as it was. */
  readonly server: Server;
  /** The server before an update; undefined for what is none. */
  readonly previous?: Server;
  /** Why, for people; undefined where there is nothing to add. */
  readonly detail: string | undefined;
}

/** An event as the part that brings it about tells it. */
export type EventNews = Omit<BalancerEvent, "number" | "at">;

/** What a listener that fails keeps from being done, for the log. */
const TELL = "tell a listener of balancer.events";

/** Who wants to hear of events. */
interface Subscriber {
  readonly listener: (event: BalancerEvent) => unknown;
  readonly onClose: () => unknown;
}

/** The latest events, and a way to hear of those to come. */
export class EventLog {
  readonly #date: () => Date;
  readonly #kept: BalancerEvent[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #count = 0;
  #closed = false;
  /** What tells the numbers of this log from those of another: that of a restarted balancer. */
  readonly run: string;

  /**
   * Makes an empty log.
   *
   * @param date Tells the time of day.
   * @param run See {@linkcode EventLog.run}. Default: 12 random hexadecimal digits.
   */
  constructor(date: () => Date, run: string = crypto.randomUUID().slice(-12)) {
    this.#date = date;
    this.run = run;
  }

  /** The number of the latest event; 0 before the first. */
  get latest(): number {
    return this.#count;
  }

  /** Whether there will be no more. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The latest events, oldest first: all that are kept, which are 1000 at most, if `count` is larger.
   *
   * @param count How many.
   */
  last(count: number): readonly BalancerEvent[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - count));
  }

  /**
   * The events that were kept of those after this number, oldest first; undefined where some of
   * them are no longer kept, or the number is not one of this log.
   *
   * @param number The number of the last event that is known already.
   */
  after(number: number): readonly BalancerEvent[] | undefined {
    const missed = this.#count - number;
    if (missed < 0 || missed > this.#kept.length) return undefined;
    return this.last(missed);
  }

  /**
   * Calls `listener` for each event from now on. If it throws, or returns a promise that rejects,
   * that is logged, and it is called for the next event as before.
   *
   * @param listener What to call.
   * @param onClose What to call when there will be no more; guarded in the same way. Default: nothing.
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

  /** Something has happened. */
  add(news: EventNews): void {
    const event: BalancerEvent = { number: ++this.#count, at: this.#date(), ...news };
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    // A listener may end subscriptions, and begin others, which are for the events after this one.
    for (const subscriber of [...this.#subscribers]) {
      if (!this.#subscribers.has(subscriber)) continue;
      callGuarded(TELL, () => subscriber.listener(event));
    }
  }

  /** There will be no more events, as the balancer is closed. */
  close(): void {
    this.#closed = true;
    const subscribers = [...this.#subscribers];
    this.#subscribers.clear();
    for (const { onClose } of subscribers) callGuarded(TELL, onClose);
  }
}

function nothing(): void {}
