/** What asks a program to stop. Windows knows no SIGTERM. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Waits until the operating system or the user asks the program to stop; a second time kills it. */
export async function waitForStop(): Promise<Deno.Signal> {
  const { promise, resolve } = Promise.withResolvers<Deno.Signal>();
  const listeners = STOP_SIGNALS.map((signal) => ({ signal, listener: () => resolve(signal) }));
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
  const stop = await promise;
  for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
  return stop;
}
