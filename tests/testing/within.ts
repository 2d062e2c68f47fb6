/**
 * Waits for something that must not take long, so that a test fails where it would hang.
 *
 * @param seconds How long it may take.
 * @param what What is waited for, for the error.
 * @param promise What it comes to.
 * @throws {Error} If it takes longer.
 */
export async function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Cannot wait for ${what}: it took over ${seconds} s`)),
    seconds * 1000,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
