import FlatQueue from "flatqueue";
import type { Clock } from "../runtime/clock.ts";

/**
 * Simulated time in milliseconds from the start of a run, and its queue of events. Time does not pass
 * by itself: the simulation moves it to the next event.
 *
 * An event is a whole number: 0 and above are the caller's; below 0 are the timers set by parts of a
 * balancer.
 */
export class SimulatedClock implements Clock {
  readonly #events: FlatQueue<number> = new FlatQueue<number>();
  readonly #timers: ((() => void) | undefined)[] = [];
  readonly #freeTimers: number[] = [];
  /** The time. Only the simulation changes it. */
  time = 0;

  /** See {@linkcode Clock}. */
  now(): number {
    return this.time;
  }

  /** See {@linkcode Clock}. A run starts in 1970. */
  date(): Date {
    return new Date(this.time);
  }

  /** See {@linkcode Clock}. */
  after(milliseconds: number, callback: () => void): () => void {
    const timer = this.#freeTimers.pop() ?? this.#timers.length;
    this.#timers[timer] = callback;
    this.#events.push(-1 - timer, this.time + milliseconds);
    return () => {
      // The number may belong to another timer by now.
      if (this.#timers[timer] === callback) this.#timers[timer] = undefined;
    };
  }

  /** See {@linkcode Clock}. Has no effect: no process has to be kept alive. */
  hold(): () => void {
    return () => {};
  }

  /** Schedules an event, 0 or above, that is not in the past. */
  schedule(event: number, at: number): void {
    this.#events.push(event, at);
  }

  /** Time of the next event; Infinity if there is none. */
  get next(): number {
    return this.#events.peekValue() ?? Infinity;
  }

  /** Moves the time to the next event and removes the event. There must be one. */
  take(): number {
    this.time = this.next;
    return this.#events.pop()!;
  }

  /** Fires a timer, an event below 0, unless it was cancelled. */
  fire(event: number): void {
    const timer = -1 - event;
    const callback = this.#timers[timer];
    this.#timers[timer] = undefined;
    this.#freeTimers.push(timer);
    callback?.();
  }
}
