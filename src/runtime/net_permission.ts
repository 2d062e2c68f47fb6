import { BalancerError } from "../model/errors.ts";
import type { Server } from "../model/server.ts";

/** How many addresses an error names; the rest is counted. */
const NAMED_MAX = 5;

/**
 * What `--allow-net` calls the address of a server: its host and port, `[::1]:3001` for one with an
 * IPv6 address.
 *
 * @param url The URL of the server.
 */
export function netAddress(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
}

/**
 * Checks that this process may connect to servers. Deno alone restricts that; elsewhere everything
 * is permitted.
 *
 * Where Deno would ask at the terminal first, that counts as no: a question would hold up every
 * request until somebody answers it.
 *
 * @param servers The servers.
 * @throws {BalancerError} `not_permitted`, with the addresses that are missing.
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
 * Whether this process may connect to an address; where Deno would ask at the terminal, it may not.
 *
 * @param host The host and the port, as `--allow-net` takes them.
 */
export function mayConnect(host: string): boolean {
  if (!("Deno" in globalThis)) return true;
  try {
    return Deno.permissions.querySync({ name: "net", host }).state === "granted";
  } catch {
    // Deno cannot so much as name this host, so it could not connect to it either.
    return false;
  }
}
