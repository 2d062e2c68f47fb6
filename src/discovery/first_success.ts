import type { Clock } from "../runtime/clock.ts";

/**
 * An attempt that a signal can abort.
 *
 * @param signal Aborts it.
 * @param giveWay Starts the next attempt at once; called when this one is likely to fail.
 */
export type Attempt<T> = (signal: AbortSignal, giveWay: () => void) => Promise<T>;

/** Options of {@linkcode firstSuccess}. */
export interface HeadStart {
  /** The clock. */
  readonly clock: Clock;
  /** The head start of each attempt before the next, in milliseconds. */
  readonly milliseconds: number;
  /** Aborts all attempts. */
  readonly signal: AbortSignal;
}

/** The first success among several attempts. */
export interface Success<T> {
  /** Its result. */
  readonly value: T;
  /** The index of its attempt. */
  readonly index: number;
  /** The attempts that had their whole head start and were aborted without a result. */
  readonly late: readonly number[];
}

/**
 * Runs several attempts until one succeeds: each starts a moment after the one before it, or as soon
 * as one has failed (as RFC 8305 §5 does with addresses).
 *
 * @param attempts The attempts, at least one.
 * @param headStart The head start, clock and signal.
 * @throws {AggregateError} All errors, in the order of the attempts, if none succeeds.
 */
export async function firstSuccess<T>(
  attempts: readonly Attempt<T>[],
  { clock, milliseconds, signal }: HeadStart,
): Promise<Success<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Success<T>>();
  const abort = new AbortController();
  const limit = AbortSignal.any([signal, abort.signal]);
  /** The start times of the running attempts. */
  const running = new Map<number, number>();
  const errors: unknown[] = [];
  let begun = 0;
  let cancelTimer: () => void = () => {};
  function begin(): void {
    cancelTimer();
    if (begun === attempts.length) return;
    const index = begun++;
    running.set(index, clock.now());
    if (begun < attempts.length) cancelTimer = clock.after(milliseconds, begin);
    attempts[index]!(limit, begin).then(
      (value) => {
        running.delete(index);
        const since = clock.now() - milliseconds;
        const late = [...running].filter(([, at]) => at <= since).map(([other]) => other);
        resolve({ value, index, late });
      },
      (error) => {
        running.delete(index);
        errors[index] = error;
        if (!limit.aborted) begin();
        if (running.size === 0) reject(new AggregateError(errors));
      },
    );
  }
  begin();
  try {
    return await promise;
  } finally {
    cancelTimer();
    abort.abort();
  }
}
