import type { Clock } from "./clock.ts";

/**
 * Waits for a while.
 *
 * @param clock The time.
 * @param milliseconds How long.
 * @param signal Ends the wait early.
 */
export async function pause(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const cancel = clock.after(milliseconds, wake);
  // Whoever joins may have nothing else to do than to wait for it.
  const release = clock.hold();
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  release();
  cancel();
  signal.removeEventListener("abort", wake);
}

/** For how long something may be waited. */
export interface Limit {
  /** The time. */
  readonly clock: Clock;
  /** How long. */
  readonly milliseconds: number;
  /** Ends it earlier. */
  readonly signal: AbortSignal;
  /** What the call is told when the time is over. */
  readonly late: () => Error;
}

/**
 * Makes a call that is broken off when it takes too long.
 *
 * @param limit For how long it may.
 * @param call The call; it rejects when its signal is aborted.
 * @returns What it returns.
 * @throws What it throws; after the time, what `late` says.
 */
export async function within<T>(
  { clock, milliseconds, signal, late }: Limit,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const time = new AbortController();
  const cancel = clock.after(milliseconds, () => time.abort());
  try {
    return await call(AbortSignal.any([signal, time.signal]));
  } catch (error) {
    if (time.signal.aborted && !signal.aborted) throw late();
    throw error;
  } finally {
    cancel();
  }
}
