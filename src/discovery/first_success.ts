import type { Clock } from "../runtime/clock.ts";

/**
 * Something that is tried until a signal says to end.
 *
 * @param signal Breaks it off.
 * @param giveWay To be called where it looks as if nothing came of it: the next one begins at once.
 */
export type Try<T> = (signal: AbortSignal, giveWay: () => void) => Promise<T>;

/** Options of {@linkcode firstSuccess}. */
export interface HeadStart {
  /** The timers. */
  readonly clock: Clock;
  /** How long the next one waits for those before it, in milliseconds. */
  readonly milliseconds: number;
  /** Breaks all of them off. */
  readonly signal: AbortSignal;
}

/** The first success among several tries. */
export interface Success<T> {
  /** Its result. */
  readonly value: T;
  /** Its place among the tries, from 0. */
  readonly index: number;
  /** Those that had all of their head start, and are broken off without a result. */
  readonly late: readonly number[];
}

/**
 * Tries several until one succeeds: each begins a moment after the one before it, or as soon as one
 * has failed (RFC 8305 §5 does so with addresses).
 *
 * @param tries What to try, at least one.
 * @param headStart How.
 * @throws {AggregateError} Of all errors, in the order of the tries, if none succeeds.
 */
export async function firstSuccess<T>(
  tries: readonly Try<T>[],
  { clock, milliseconds, signal }: HeadStart,
): Promise<Success<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Success<T>>();
  const abort = new AbortController();
  const limit = AbortSignal.any([signal, abort.signal]);
  /** When each that is under way has begun. */
  const running = new Map<number, number>();
  const errors: unknown[] = [];
  let begun = 0;
  let cancelTimer: () => void = () => {};
  function begin(): void {
    cancelTimer();
    if (begun === tries.length) return;
    const index = begun++;
    running.set(index, clock.now());
    if (begun < tries.length) cancelTimer = clock.after(milliseconds, begin);
    tries[index]!(limit, begin).then(
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
