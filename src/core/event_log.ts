import type { Server } from "./server.ts";

/** How many events are kept for those who were away for a while. */
const KEPT_MAX = 1000;

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
  /** It was ejected, and is in again. */
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

/** The latest events, and a way to hear of those to come. */
export class EventLog {
  readonly #date: () => Date;
  readonly #kept: BalancerEvent[] = [];
  readonly #listeners = new Set<(event: BalancerEvent) => void>();
  #count = 0;

  /**
   * Makes an empty log.
   *
   * @param date Tells the time of day.
   */
  constructor(date: () => Date) {
    this.#date = date;
  }

  /** The number of the latest event; 0 before the first. */
  get latest(): number {
    return this.#count;
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
    return missed === 0 ? [] : this.#kept.slice(-missed);
  }

  /** Calls `listener` for each event from now on; the returned function ends that. */
  subscribe(listener: (event: BalancerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something has happened. */
  add(news: EventNews): void {
    const event: BalancerEvent = { number: ++this.#count, at: this.#date(), ...news };
    this.#kept.push(event);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }
}
