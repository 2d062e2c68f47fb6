/**
 * Finds ports of 127.0.0.1 that nothing listens on.
 *
 * They are only looked up, not kept: something else could take one before it is used, and then the
 * program that was to listen on it does not start, which is reported.
 *
 * @param count How many.
 */
export function freePorts(count: number): number[] {
  // All are held at the same time, so that none is handed out twice.
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  const ports = listeners.map((listener) => listener.addr.port);
  for (const listener of listeners) listener.close();
  return ports;
}
