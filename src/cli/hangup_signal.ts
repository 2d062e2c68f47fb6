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
