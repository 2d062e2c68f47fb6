/** Signals that ask a program to stop. Windows has no SIGTERM. */
const STOP_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/**
 * Waits until the program is asked to stop. A second signal ends the program at once, as it does by
 * default.
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

/** An abort signal for when the program is asked to stop. */
export function abortOnStop(): AbortSignal {
  const controller = new AbortController();
  waitForStop().then(() => controller.abort());
  return controller.signal;
}

/** Reloads files; must not reject. */
export type Reload = () => Promise<void>;

/**
 * Runs reloads on SIGHUP, one after the other. A signal during a reload starts another one after it.
 * Windows has no SIGHUP.
 *
 * @param reloads The reloads. More may be added later.
 * @returns Ends the subscription when disposed of.
 */
export function onHangup(reloads: readonly Reload[]): Disposable {
  let last = Promise.resolve();
  async function reloadAll(): Promise<void> {
    for (const reload of reloads) await reload();
  }
  return listenTo("SIGHUP", () => {
    last = last.then(reloadAll);
  });
}

/**
 * Listens to a signal that Windows does not have.
 *
 * @returns Ends the subscription when disposed of.
 */
export function listenTo(signal: "SIGHUP" | "SIGWINCH", listener: () => void): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  Deno.addSignalListener(signal, listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener(signal, listener) };
}
