import type { Clock } from "./clock.ts";

/** How often deadlines are looked at, in milliseconds: how late a deadline may fire. */
const TICK_MS = 100;

/** A point in time by which something has to be over. Pass it to {@linkcode Deadlines.cancel}. */
export interface Deadline {
  /** When it falls due, in the clock's milliseconds. */
  readonly at: number;
  /** What happens then. */
  readonly onDue: () => void;
}

/**
 * Any number of deadlines on one coarse timer. A timer of its own for each request would cost more
 * than the request's JavaScript; here a deadline that is met costs an insertion and a removal.
 *
 * The timer runs only while there are deadlines. They fire up to 100 ms late, never early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #pending = new Set<Deadline>();
  #cancelTick: (() => void) | undefined;

  /** @param clock The time and the one timer. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `onDue` once when `milliseconds` have passed, unless cancelled before. */
  start(milliseconds: number, onDue: () => void): Deadline {
    const deadline = { at: this.#clock.now() + milliseconds, onDue };
    this.#pending.add(deadline);
    this.#cancelTick ??= this.#clock.after(TICK_MS, () => this.#tick());
    return deadline;
  }

  /** Calls a deadline off. Calling off one that has passed does nothing. */
  cancel(deadline: Deadline): void {
    this.#pending.delete(deadline);
  }

  /** Calls every deadline off and stops the timer. */
  clear(): void {
    this.#pending.clear();
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const deadline of this.#pending) {
      if (deadline.at > now) continue;
      this.#pending.delete(deadline);
      deadline.onDue();
    }
    this.#cancelTick = this.#pending.size > 0
      ? this.#clock.after(TICK_MS, () => this.#tick())
      : undefined;
  }
}
