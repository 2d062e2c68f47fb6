/** What asks a program to stop. Windows knows no SIGTERM. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Waits until the operating system or the user asks the program to stop. From that moment on, a
 * second time ends it at once, as it ends a program that does not listen.
 */
export function waitForStop(): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  const listeners = STOP_SIGNALS.map((signal) => ({ signal, listener: () => stop(signal) }));
  function stop(by: Deno.Signal): void {
    for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    resolve(by);
  }
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  return promise;
}
