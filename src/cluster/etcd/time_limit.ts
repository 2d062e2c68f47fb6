import type { Clock } from "../../runtime/clock.ts";

/** A limit in time for a piece of work that its caller can call off too. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = new AbortController();
  #cancel: () => void = () => {};
  #passed: number | undefined;

  /**
   * Makes one that is not running yet.
   *
   * @param clock What it runs on.
   * @param outer The caller's signal.
   */
  constructor(clock: Clock, outer: AbortSignal | undefined) {
    this.#clock = clock;
    this.#outer = outer;
    if (outer?.aborted) this.#onOuter();
    outer?.addEventListener("abort", this.#onOuter);
  }

  /** Is aborted when the time is over, or by the caller. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** How much time there was, in milliseconds, once that is over; undefined before. */
  get passed(): number | undefined {
    return this.#passed;
  }

  /** Gives so much time from now on, in milliseconds. */
  restart(milliseconds: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#passed = milliseconds;
      this.#abort.abort();
    });
  }

  /** Takes the limit away; the caller's signal still counts. */
  lift(): void {
    this.#cancel();
  }

  /** The work is over. */
  end(): void {
    this.#cancel();
    this.#outer?.removeEventListener("abort", this.#onOuter);
  }

  readonly #onOuter = (): void => this.#abort.abort(this.#outer?.reason);
}
