/** The default limit of a wait, in milliseconds. */
const LIMIT_MS = 30_000;
/** The number of looks without a pause between them. */
const LOOKS_AT_ONCE = 50;
/** The pause between two looks after that, in milliseconds. */
const LOOK_MS = 2;

/** The error of a wait that timed out. */
export class WaitTimeout extends Error {
  override readonly name = "WaitTimeout";
}

/**
 * Waits until a condition holds. A test that waits too long fails and names what it waited for,
 * instead of holding up all the others.
 *
 * @param what The awaited event, as the error names it; a function if that depends on the state then.
 * @param isSo The condition.
 * @param limit How long to wait, in milliseconds. Default: 30000.
 * @throws {WaitTimeout} If the limit is exceeded.
 */
export async function until(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
  limit: number = LIMIT_MS,
): Promise<void> {
  const end = performance.now() + limit;
  for (let looks = 0; !await isSo(); looks++) {
    if (performance.now() > end) throw timeoutOf(what, limit);
    const pause = looks < LOOKS_AT_ONCE ? 0 : LOOK_MS;
    await new Promise<void>((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Waits for a promise, with a limit.
 *
 * @param what The awaited event, as the error names it; a function as above.
 * @param promise The promise.
 * @param limit How long to wait, in milliseconds. Default: 30000.
 * @throws {WaitTimeout} If the limit is exceeded.
 */
export async function within<T>(
  what: string | (() => string),
  promise: Promise<T>,
  limit: number = LIMIT_MS,
): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(timeoutOf(what, limit)), limit);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

function timeoutOf(what: string | (() => string), limit: number): WaitTimeout {
  const name = typeof what === "string" ? what : what();
  return new WaitTimeout(`Waited ${limit / 1000} s for ${name}`);
}
