/**
 * Makes the process say that it may connect anywhere, whatever is so, until it is disposed of: for
 * tests without net permission, whose servers are to be accepted and never reached.
 */
export function claimNetPermission(): Disposable {
  const granted = { state: "granted", partial: false };
  Object.defineProperty(Deno.permissions, "querySync", {
    configurable: true,
    value: () => granted,
  });
  return {
    [Symbol.dispose](): void {
      Reflect.deleteProperty(Deno.permissions, "querySync");
    },
  };
}
