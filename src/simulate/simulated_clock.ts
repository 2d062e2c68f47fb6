import FlatQueue from "flatqueue";
import type { Clock } from "../runtime/clock.ts";

/**
 * The time of a run, and all that is to happen in it, in milliseconds from its first moment. Time
 * does not pass: whoever runs the simulation moves it on to what comes next.
 *
 * What is to happen is a whole number: from 0 on, whatever the caller means by it; below 0, one of
 * the timers that parts of the balancer have set.
 */
export class SimulatedClock implements Clock {
  readonly #events: FlatQueue<number> = new FlatQueue<number>();
  readonly #timers: ((() => void) | undefined)[] = [];
  readonly #freeTimers: number[] = [];
  /** The time. Only the simulation moves it on. */
  time = 0;

  /** See {@linkcode Clock}. */
  now(): number {
    return this.time;
  }

  /** See {@linkcode Clock}. A run begins in 1970. */
  date(): Date {
    return new Date(this.time);
  }

  /** See {@linkcode Clock}. */
  after(milliseconds: number, callback: () => void): () => void {
    const timer = this.#freeTimers.pop() ?? this.#timers.length;
    this.#timers[timer] = callback;
    this.#events.push(-1 - timer, this.time + milliseconds);
    return () => {
      // Another one may have the same number by now.
      if (this.#timers[timer] === callback) this.#timers[timer] = undefined;
    };
  }

  /** See {@linkcode Clock}. Nothing real is waited for here. */
  hold(): () => void {
    return () => {};
  }

  /** Lets something happen: `event`, 0 or above, at a time that is not over. */
  schedule(event: number, at: number): void {
    this.#events.push(event, at);
  }

  /** When the next of all that is to happen does; Infinity where nothing is. */
  get next(): number {
    return this.#events.peekValue() ?? Infinity;
  }

  /** Moves on to what happens next, of which there is something, and returns it. */
  take(): number {
    this.time = this.next;
    return this.#events.pop()!;
  }

  /** Does what a timer was set for, if nobody has called it off: an event below 0. */
  fire(event: number): void {
    const timer = -1 - event;
    const callback = this.#timers[timer];
    this.#timers[timer] = undefined;
    this.#freeTimers.push(timer);
    callback?.();
  }
}
