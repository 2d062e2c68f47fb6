import { BalancerError } from "../model/errors.ts";
import type { Server } from "../model/server.ts";

/** Maximum number of addresses that an error names. */
const NAMED_MAX = 5;

/**
 * A server's address in the form of `--allow-net`: host and port, such as `[::1]:3001` for an IPv6
 * address.
 *
 * @param url The server's URL.
 */
export function netAddress(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/**
 * Checks that this process has permission to connect to servers, which only Deno restricts.
 *
 * If Deno would prompt, the permission counts as missing: a prompt would block every request until it
 * is answered.
 *
 * @param servers The servers.
 * @throws {BalancerError} `not_permitted`, with the missing addresses.
 */
export function checkPermitted(servers: readonly Pick<Server, "url">[]): void {
  if (mayConnectAnywhere()) return;
  const addresses = new Set(servers.map(({ url }) => netAddress(url)));
  const refused = [...addresses].filter((address) => !mayConnect(address));
  if (refused.length === 0) return;
  const named = refused.slice(0, NAMED_MAX).join(",");
  const more = refused.length > NAMED_MAX ? ` and ${refused.length - NAMED_MAX} more` : "";
  throw new BalancerError(
    "not_permitted",
    `Cannot connect to ${named}${more}: the program was started without permission for that; ` +
      `restart it with ${refused.length === 1 ? "this address" : "these addresses"} in --allow-net`,
  );
}

function mayConnectAnywhere(): boolean {
  if (!("Deno" in globalThis)) return true;
  const { state, partial } = Deno.permissions.querySync({ name: "net" });
  return state === "granted" && !partial;
}

/**
 * Whether this process has permission to connect to an address; false if Deno would prompt.
 *
 * @param host Host and port in the form of `--allow-net`.
 */
export function mayConnect(host: string): boolean {
  if (!("Deno" in globalThis)) return true;
  try {
    return Deno.permissions.querySync({ name: "net", host }).state === "granted";
  } catch {
    // Deno rejects the host as invalid, so it could not connect to it either.
    return false;
  }
}
