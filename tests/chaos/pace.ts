/**
 * Lets real time pass. Chaos is made of processes that the operating system stops, kills and starts,
 * and no fake clock rules those: here, and nowhere else in the tests, time is waited for.
 *
 * @param milliseconds How long.
 * @param signal Ends the wait early. Default: none.
 */
export async function pace(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const onAbort = () => resolve();
  signal?.addEventListener("abort", onAbort, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener("abort", onAbort);
}

/** Waits until something is so, and tells whether it came to that in time. */
export async function until(
  isSo: () => boolean | Promise<boolean>,
  milliseconds: number,
): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!await isSo()) {
    if (performance.now() > end) return false;
    await pace(50);
  }
  return true;
}

/** Waits for something that must not take forever: a hang is to be told as one. */
export async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const limit = pace(milliseconds, over.signal).then((): T => {
    if (over.signal.aborted) return undefined as T;
    throw new Error(`${what} took longer than ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over.abort();
  }
}
