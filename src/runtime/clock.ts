/**
 * A clock with timers, which tests can replace to run an hour of health checks in a millisecond.
 */
export interface Clock {
  /** Monotonic time in milliseconds; only differences are meaningful. */
  now(): number;
  /** Wall-clock time. */
  date(): Date;
  /**
   * Calls `callback` once after `milliseconds`; the returned function cancels the timer. The
   * timer does not keep the process alive.
   */
  after(milliseconds: number, callback: () => void): () => void;
  /**
   * Keeps the process alive until the returned function is called, for example while a caller waits for
   * a timer.
   */
  hold(): () => void;
}
