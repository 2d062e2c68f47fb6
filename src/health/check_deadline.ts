import type { Clock } from "../runtime/clock.ts";

/** Number of steps in which a check's time elapses, so that pauses are noticed. */
const STEPS = 8;
/** Share of the time from which a pause may be the reason for a failure. */
const PAUSE_SHARE = 1 / 4;

/**
 * Deadline of a check that notices pauses of this process: after it was stopped, or its event loop
 * was blocked, the time is over as soon as it continues.
 */
export class CheckDeadline {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #onDue: () => void;
  readonly #begin: number;
  #steps = 0;
  #lastStep: number;
  #paused = false;
  #cancelTimer: () => void = () => {};

  /**
   * @param clock Clock and timers.
   * @param timeout How long the check may take, in milliseconds.
   * @param onDue Called once when the time is over.
   */
  constructor(clock: Clock, timeout: number, onDue: () => void) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#onDue = onDue;
    this.#begin = this.#lastStep = clock.now();
    this.#wait();
  }

  /** Whether this process paused for more than a quarter of the time. */
  get paused(): boolean {
    return this.#paused || this.#clock.now() - this.#lastStep > this.#timeout * PAUSE_SHARE;
  }

  /** Cancels the deadline. */
  cancel(): void {
    this.#cancelTimer();
  }

  #wait(): void {
    const next = this.#begin + this.#timeout * ++this.#steps / STEPS;
    const wait = Math.max(0, next - this.#clock.now());
    this.#cancelTimer = this.#clock.after(wait, () => this.#step());
  }

  #step(): void {
    this.#paused = this.paused;
    this.#lastStep = this.#clock.now();
    if (this.#steps === STEPS || this.#lastStep - this.#begin >= this.#timeout) this.#onDue();
    else this.#wait();
  }
}
