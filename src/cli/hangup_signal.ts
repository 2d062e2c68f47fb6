/**
 * Does something whenever the program is asked to read its files again (SIGHUP); one time after the
 * other where it is asked faster than that goes. Windows knows no such signal.
 *
 * @param reload What to do; must not reject.
 * @returns Ends the subscription when disposed of.
 */
export function onHangup(reload: () => Promise<void>): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  let last = Promise.resolve();
  const listener = () => {
    last = last.then(reload);
  };
  Deno.addSignalListener("SIGHUP", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGHUP", listener) };
}
