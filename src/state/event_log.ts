import { callGuarded } from "../model/guarded_call.ts";
import type { Server } from "../model/server.ts";

/** The number of events that are kept. */
export const EVENTS_KEPT = 1000;

/** An event: a change of a server or of its state. */
export interface BalancerEvent {
  /** Sequence number, one more than that of the previous event. */
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
    /** Its health checks passed, and it became healthy. */
    | "healthy"
    /** Its health checks failed, and it became unhealthy. */
    | "unhealthy"
    /** It was ejected because it failed too many requests. */
    | "ejected"
    /** Its ejection ended, and it is probed with one request at a time. */
    | "on_trial"
    /** It returned to rotation after an ejection. */
    | "returned";
  /** The server after the change; for `removed`, as it was before. */
  readonly server: Server;
  /** For `updated`, the server before the change; absent otherwise. */
  readonly previous?: Server;
  /** The reason, as text to display; undefined if there is none. */
  readonly detail: string | undefined;
}

/** The callbacks of one subscription. */
interface Subscriber {
  readonly listener: (event: BalancerEvent) => unknown;
  readonly onClose: () => unknown;
}

/**
 * The latest events of a balancer, and subscriptions to new ones.
 *
 * @example Print events as they happen
 * ```ts
 * import { LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * const unsubscribe = balancer.events.subscribe(({ type, server }) => {
 *   console.log(`${server.url}: ${type}`);
 * });
 * balancer.add({ url: "http://127.0.0.1:3001", healthCheckPeriod: 0 });
 * unsubscribe();
 * console.assert(balancer.events.last(1)[0]?.type === "added");
 * ```
 */
export class EventLog {
  readonly #date: () => Date;
  readonly #kept: BalancerEvent[] = [];
  readonly #subscribers = new Set<Subscriber>();
  #count = 0;
  #closed = false;
  /** Identifier of this log. A restarted balancer has a new one, and numbers events from 1 again. */
  readonly run: string;

  /**
   * Creates an empty log.
   *
   * @param date Returns the current time.
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

  /** Whether the log is closed, so no more events will follow. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Returns the latest events, oldest first.
   *
   * @param count Maximum number of events; at most 1000 are kept.
   */
  last(count: number): readonly BalancerEvent[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - count));
  }

  /**
   * Returns the events after a number, oldest first; undefined if some of them are no longer kept,
   * or if this log has no such number.
   *
   * @param number Number of the last event that the caller knows.
   */
  after(number: number): readonly BalancerEvent[] | undefined {
    const missed = this.#count - number;
    if (missed < 0 || missed > this.#kept.length) return undefined;
    return this.last(missed);
  }

  /**
   * Calls `listener` for each new event. If it throws or returns a promise that rejects, the error
   * is logged, and it is still called for later events.
   *
   * @param listener Receives each event.
   * @param onClose Called when the log is closed; its errors are logged too. Default: none.
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

  /** Records an event and passes it to the subscribers; the balancer calls this. */
  add(change: Omit<BalancerEvent, "number" | "at">): void {
    const event: BalancerEvent = { number: ++this.#count, at: this.#date(), ...change };
    this.#kept.push(event);
    if (this.#kept.length > EVENTS_KEPT) this.#kept.shift();
    // A listener may end subscriptions, and start others, which begin with the next event.
    for (const subscriber of [...this.#subscribers]) {
      if (!this.#subscribers.has(subscriber)) continue;
      callGuarded("call a listener of balancer.events", () => subscriber.listener(event));
    }
  }

  /** Closes the log; the balancer calls this when it closes. */
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
