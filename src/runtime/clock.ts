/**
 * The time and the timers that a part runs on. The parts take theirs from outside, so that a test
 * can run an hour of health checks in a millisecond.
 */
export interface Clock {
  /** Milliseconds on a scale that never goes backwards; only differences mean something. */
  now(): number;
  /** The time of day, for people. */
  date(): Date;
  /**
   * Calls `callback` once after `milliseconds`; the returned function cancels that. It does not keep
   * the process alive: a program that has nothing else to do ends.
   */
  after(milliseconds: number, callback: () => void): () => void;
  /**
   * Keeps the process alive until the returned function is called: for as long as somebody waits for
   * what only comes after a time.
   */
  hold(): () => void;
}
