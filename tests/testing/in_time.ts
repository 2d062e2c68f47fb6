/** How long what comes with an event may take on a machine that has much else to do, in ms. */
const LIMIT_MS = 20_000;

/**
 * Waits for what comes with an event, and fails where it does not come.
 *
 * @param event What to wait for.
 * @param what What it is, for the failure's message.
 */
export async function inTime<T>(event: Promise<T>, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`It did not happen: ${what}`)), LIMIT_MS);
  try {
    return await Promise.race([event, late]);
  } finally {
    clearTimeout(timer);
  }
}
