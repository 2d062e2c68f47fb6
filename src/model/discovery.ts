import { BalancerError } from "./errors.ts";
import { parseIpAddress } from "./ip_address.ts";
import type { Discover, Server } from "./server.ts";

/** The ways to find the servers behind a name. */
export const DISCOVER_KINDS = ["dns", "dns-srv"] as const satisfies readonly Discover[];

/** An address at which an entry has found a server. */
export interface FoundAddress {
  /** The IP address, IPv6 without brackets. */
  readonly address: string;
  /** The port that an SRV record tells; undefined where the port is the entry's. */
  readonly port: number | undefined;
  /** By how much the weight of the entry is multiplied, 1 at least. */
  readonly weight: number;
  /** The name that has the address: with `dns-srv`, the target of a record. */
  readonly source: string;
}

/** An address that an entry has found, and what became of it. */
export interface FoundServer {
  /** What was found. */
  readonly found: FoundAddress;
  /** The URL of the server at this address. */
  readonly url: string;
  /** Why this is not a server of the entry, for people; undefined where it is. */
  readonly problem: string | undefined;
}

/** What an entry has found. */
export interface DiscoveryReport {
  /** The entry. */
  readonly entry: Server;
  /** What it has found, in the order of the addresses. */
  readonly servers: readonly FoundServer[];
  /** When the latest lookup was over; undefined before the first. */
  readonly lastLookup: Date | undefined;
  /** When the next one will be; undefined while one is under way. */
  readonly nextLookup: Date | undefined;
  /** What is wrong with the latest lookup, for people; undefined where nothing is. */
  readonly error: string | undefined;
}

/**
 * What is wrong with a URL as that of an entry.
 *
 * @param url The URL as it was written, which is one of a server.
 * @param discover How servers are to be found.
 * @returns The rest of a sentence that begins with the URL; undefined where nothing is wrong.
 */
export function discoverFault(url: string, discover: Discover): string | undefined {
  const { hostname } = new URL(url);
  if (hostname.startsWith("[") || parseIpAddress(hostname) !== undefined) {
    return "has an IP address, behind which nothing can be looked up; give a name, or leave " +
      "discover out";
  }
  const [authority = ""] = url.slice(url.indexOf("//") + 2).split("/", 1);
  if (discover === "dns-srv" && authority.includes(":")) {
    return "has a port, which the SRV records tell; leave it out";
  }
  return undefined;
}

/**
 * The host name by which a server is known: for one that was found, the name that was looked up, and
 * of an SRV record's the domain without the service (RFC 6125 §6.2.1). Its certificate has to be for
 * this name: what is behind it, DNS alone says, and a certificate for that would prove nothing.
 */
export function knownHost({ url, discoveredBy }: Server): string {
  const { hostname } = new URL(discoveredBy ?? url);
  return discoveredBy === undefined ? hostname : hostname.replace(/^(?:_[^.]*\.)+|\.$/g, "");
}

/** What a server is told as its `Host` (RFC 9110 §7.2) where there is no client to say it. */
export function knownAuthority(server: Server): string {
  const { port } = new URL(server.url);
  return knownHost(server) + (port === "" ? "" : `:${port}`);
}

/** The error for a server that cannot be added, as an entry has found it already. */
export function alreadyDiscovered(url: string, entryUrl: string): BalancerError {
  const message = `Cannot add ${url}: it is there already, discovered by ${entryUrl}`;
  return new BalancerError("already_exists", message);
}

/** The error for a change of one server alone that an entry has found. */
export function isDiscovered(url: string, entryUrl: string): BalancerError {
  const message =
    `Cannot change ${url} alone: it is discovered by ${entryUrl}; change that instead`;
  return new BalancerError("discovered", message);
}
