/** How long a test waits for what has to come to pass, in milliseconds, where it says nothing else. */
const LIMIT_MS = 30_000;
/** How many times to look before time passes between two looks. */
const LOOKS_AT_ONCE = 50;
/** The time between two looks after that, in milliseconds. */
const LOOK_MS = 2;

/** The error of a wait that timed out. */
export class WaitedInVain extends Error {
  override readonly name = "WaitedInVain";
}

/**
 * Waits until something is so. A test that waits in vain fails, and says for what, in place of
 * holding up all the others for ever.
 *
 * @param what The awaited event, as the error names it; a function where that is
 * best told from what there is by then.
 * @param isSo Whether it is so.
 * @param limit How long to wait, in milliseconds. Default: 30000.
 * @throws {WaitedInVain} If it does not come.
 */
export async function until(
  what: string | (() => string),
  isSo: () => boolean | Promise<boolean>,
  limit: number = LIMIT_MS,
): Promise<void> {
  const end = performance.now() + limit;
  for (let looks = 0; !await isSo(); looks++) {
    if (performance.now() > end) throw inVain(what, limit);
    const pause = looks < LOOKS_AT_ONCE ? 0 : LOOK_MS;
    await new Promise<void>((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * Waits for a promise, and for so long at most.
 *
 * @param what The awaited event, as the error names it; a function as above.
 * @param promise The promise.
 * @param limit How long to wait, in milliseconds. Default: 30000.
 * @throws {WaitedInVain} If it does not come.
 */
export async function within<T>(
  what: string | (() => string),
  promise: Promise<T>,
  limit: number = LIMIT_MS,
): Promise<T> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(inVain(what, limit)), limit);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

function inVain(what: string | (() => string), limit: number): WaitedInVain {
  const told = typeof what === "string" ? what : what();
  return new WaitedInVain(`Waited ${limit / 1000} s in vain for ${told}`);
}
