import type { Clock } from "./clock.ts";

/** The first and the longest retry delay, in milliseconds. */
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 1000;

/**
 * The delay before the next retry: exponential, capped at one second so that a client is back soon
 * after an outage, with jitter so that many clients do not return at once.
 *
 * @param failures Consecutive failures so far, at least 1.
 * @param random A number in [0, 1).
 * @returns Milliseconds.
 */
export function backoff(failures: number, random: number): number {
  const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}

/**
 * Waits, and keeps the process alive meanwhile. Never rejects.
 *
 * @param clock The clock to wait on.
 * @param milliseconds How long to wait.
 * @param signal Ends the wait early. Default: none.
 */
export async function pause(
  clock: Clock,
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const cancel = clock.after(milliseconds, wake);
  const release = clock.hold();
  signal?.addEventListener("abort", wake, { once: true });
  await promise;
  release();
  cancel();
  signal?.removeEventListener("abort", wake);
}

/** A time limit on one piece of work, combined with the caller's own abort signal. */
export class TimeLimit {
  readonly #clock: Clock;
  readonly #outer: AbortSignal | undefined;
  readonly #abort = new AbortController();
  #cancel: () => void = () => {};
  #exceeded: number | undefined;

  /**
   * Creates a limit that is not running yet.
   *
   * @param clock The clock that it runs on.
   * @param outer The caller's signal. Default: none.
   */
  constructor(clock: Clock, outer?: AbortSignal) {
    this.#clock = clock;
    this.#outer = outer;
    if (outer?.aborted) this.#onOuter();
    outer?.addEventListener("abort", this.#onOuter);
  }

  /** Aborted with a `TimeoutError` once the limit is exceeded, or with the caller's signal. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The limit that was exceeded, in milliseconds; undefined if none was. */
  get exceeded(): number | undefined {
    return this.#exceeded;
  }

  /** Starts the limit, anew if it is running already. */
  start(milliseconds: number): void {
    this.#cancel();
    this.#cancel = this.#clock.after(milliseconds, () => {
      this.#exceeded = milliseconds;
      this.#abort.abort(new DOMException("The time limit was exceeded", "TimeoutError"));
    });
  }

  /** Stops the limit; the caller's signal still applies. */
  stop(): void {
    this.#cancel();
  }

  /** Stops the limit and stops listening to the caller's signal. */
  end(): void {
    this.#cancel();
    this.#outer?.removeEventListener("abort", this.#onOuter);
  }

  readonly #onOuter = (): void => this.#abort.abort(this.#outer?.reason);
}

/** Options of {@linkcode withTimeout}. */
export interface TimeoutOptions {
  /** The clock that the limit runs on. */
  readonly clock: Clock;
  /** The limit. */
  readonly milliseconds: number;
  /** Aborts the work early. Default: none. */
  readonly signal?: AbortSignal | undefined;
  /** Creates the error for work that exceeds the limit. Default: the error of the work itself. */
  readonly error?: () => Error;
}

/**
 * Runs asynchronous work under a time limit.
 *
 * @param options The limit.
 * @param work The work; it must reject when its signal is aborted.
 * @returns The result of the work.
 * @throws The error of the work; {@linkcode TimeoutOptions.error} if it exceeds the limit.
 */
export async function withTimeout<T>(
  { clock, milliseconds, signal, error: timeoutError }: TimeoutOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new TimeLimit(clock, signal);
  limit.start(milliseconds);
  try {
    return await work(limit.signal);
  } catch (error) {
    const isTimeout = limit.exceeded !== undefined && !signal?.aborted;
    throw isTimeout && timeoutError !== undefined ? timeoutError() : error;
  } finally {
    limit.end();
  }
}
