import type { Clock } from "../runtime/clock.ts";

/** In how many steps a check's time runs out, so that a pause in it is noticed. */
const STEPS = 8;
/** From which share of that time on a pause may be what the check failed of. */
const PAUSE_SHARE = 1 / 4;

/**
 * The time that a check has, and whether this process was there to make use of it: a process that
 * was stopped, or whose event loop was held up, finds the time over as soon as it goes on.
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
   * @param clock The time and the timers.
   * @param timeout How long the check may take, in milliseconds.
   * @param onDue Called once when that is over.
   */
  constructor(clock: Clock, timeout: number, onDue: () => void) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#onDue = onDue;
    this.#begin = this.#lastStep = clock.now();
    this.#wait();
  }

  /** Whether this process stood still for more than a quarter of the time since the beginning. */
  get paused(): boolean {
    return this.#paused || this.#clock.now() - this.#lastStep > this.#timeout * PAUSE_SHARE;
  }

  /** Calls the deadline off. */
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
