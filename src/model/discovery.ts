import { BalancerError } from "./errors.ts";
import { parseIpAddress } from "./ip_address.ts";
import type { Discover, Server } from "./server.ts";

/** A source and the servers discovered through it. */
export interface DiscoveryReport {
  /** The source. */
  readonly source: Server;
  /** Its servers, ordered by address. */
  readonly servers: readonly {
    /** The address in the DNS response. */
    readonly found: {
      /** The IP address, IPv6 without brackets. */
      readonly address: string;
      /** The port of the SRV record; undefined if the source's own port is used. */
      readonly port: number | undefined;
      /** The factor by which the source's weight is multiplied, at least 1. */
      readonly weight: number;
      /** The name that has this address; with `dns-srv`, the target of an SRV record. */
      readonly source: string;
    };
    /** The URL of the server at this address. */
    readonly url: string;
    /** Why it could not be added as a server, as text to display; undefined if it was added. */
    readonly problem: string | undefined;
  }[];
  /** When the latest lookup ended; undefined before the first. */
  readonly lastLookup: Date | undefined;
  /** When the next lookup is due; undefined during one. */
  readonly nextLookup: Date | undefined;
  /** Why the latest lookup failed, as text to display; undefined if it succeeded. */
  readonly error: string | undefined;
}

/** A discovered address and the server made of it. */
export type DiscoveredServer = DiscoveryReport["servers"][number];

/** An address that a source's lookup returned. */
export type DiscoveredAddress = DiscoveredServer["found"];

/**
 * Checks a URL as that of a source.
 *
 * @param url The URL as it was written, which is valid for a server.
 * @param discover How its servers are discovered.
 * @returns The fault, as the rest of a sentence that begins with the URL; undefined without one.
 */
export function discoverFault(url: string, discover: Discover): string | undefined {
  const { hostname } = new URL(url);
  if (hostname.startsWith("[") || parseIpAddress(hostname) !== undefined) {
    return "has an IP address, which DNS cannot expand to servers; use a host name, or leave " +
      "discover out";
  }
  const [authority = ""] = url.slice(url.indexOf("//") + 2).split("/", 1);
  if (discover === "dns-srv" && authority.includes(":")) {
    return "has a port, but the SRV records provide it; leave it out";
  }
  return undefined;
}

/**
 * The host name that a server's certificate must match: for a discovered server the name that was
 * looked up; for an SRV record, its domain without the service (RFC 6125 §6.2.1). DNS is not trusted
 * here: a certificate for a name that only DNS returned would prove nothing.
 */
export function knownHost({ url, discoveredBy }: Server): string {
  const { hostname } = new URL(discoveredBy ?? url);
  return discoveredBy === undefined ? hostname : hostname.replace(/^(?:_[^.]*\.)+|\.$/g, "");
}

/** The `Host` of requests that no client sent, such as health checks (RFC 9110 §7.2). */
export function knownAuthority(server: Server): string {
  const { port } = new URL(server.url);
  return knownHost(server) + (port === "" ? "" : `:${port}`);
}

/** The error for adding a server that a source has discovered already. */
export function alreadyDiscovered(url: string, sourceUrl: string): BalancerError {
  const message = `Cannot add ${url}: it already exists, discovered by ${sourceUrl}`;
  return new BalancerError("already_exists", message);
}

/** The error for changing a discovered server on its own. */
export function isDiscovered(url: string, sourceUrl: string): BalancerError {
  const message =
    `Cannot change ${url} on its own: it was discovered by ${sourceUrl}; change the source instead`;
  return new BalancerError("discovered", message);
}
