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

/** Reads something again; must not reject. */
export type Reload = () => Promise<void>;

/**
 * Does something whenever the program is asked to read its files again (SIGHUP); one time after the
 * other where it is asked faster than that goes. Windows knows no such signal.
 *
 * @param reloads What to do, one after the other; more may be added later.
 * @returns Ends the subscription when disposed of.
 */
export function onHangup(reloads: readonly Reload[]): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  let last = Promise.resolve();
  async function reloadAll(): Promise<void> {
    for (const reload of reloads) await reload();
  }
  const listener = () => {
    last = last.then(reloadAll);
  };
  Deno.addSignalListener("SIGHUP", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
}
