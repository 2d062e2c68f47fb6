import { invalid } from "../config/validate.ts";
import type { Fault } from "../model/errors.ts";
import {
  formatIpAddress,
  isLoopbackAddress,
  isUnspecifiedAddress,
  parseIpAddress,
} from "../model/ip_address.ts";
import { Problem } from "./problem.ts";

/** A host name, in lower case. */
const NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;
/** A host, optionally with a port (RFC 9110 §7.2); IPv6 is in brackets. */
const AUTHORITY = /^(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::[0-9]*)?$/;

/**
 * Whether a host is only reachable from this machine: `localhost`, 127.0.0.0/8 or `::1`, also in
 * brackets.
 *
 * @param host A host name or an IP address, without a port.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  const bytes = parseIpAddress(name.replace(/^\[(.*)\]$/, "$1"));
  return name === "localhost" || (bytes !== undefined && isLoopbackAddress(bytes));
}

/**
 * Refuses requests for other hosts. A web page whose name is made to resolve to this machine (DNS
 * rebinding) still sends its own name in `Host`.
 */
export class HostCheck {
  readonly #allowed: ReadonlySet<string>;
  readonly #anyAddress: boolean;

  /**
   * @param hosts Host names and IP addresses that are allowed beside the loopback ones; `0.0.0.0`
   * and `::` stand for every IP address: addresses cannot be rebound.
   * @throws {BalancerError} `invalid` if one is neither.
   */
  constructor(hosts: readonly string[]) {
    const faults: Fault[] = [];
    const keys = hosts.map((host, index) => {
      const key = hostKey(host);
      if (key !== undefined) return key;
      const message = `must be a host name or an IP address without a port, not "${host}"`;
      faults.push({ path: `hosts[${index}]`, message });
      return "";
    });
    if (faults.length > 0) throw invalid("the options of the admin API", faults);
    this.#allowed = new Set(keys);
    this.#anyAddress = keys.some((key) => {
      const bytes = parseIpAddress(key);
      return bytes !== undefined && isUnspecifiedAddress(bytes);
    });
  }

  /** @throws {Problem} 400 for a malformed host, 421 for another one (RFC 9110 §15.5.20). */
  check(request: Request): void {
    // The URL has the authority of an absolute-form target, else the Host (RFC 9112 §3.3).
    const { url } = request;
    const from = url.indexOf("://") + 3;
    const to = url.slice(from).search(/[/?#]|$/);
    this.#checkAuthority(url.slice(from, from + to));
    const host = request.headers.get("host");
    if (host !== null) this.#checkAuthority(host);
  }

  #checkAuthority(authority: string): void {
    const [, ipv6, other = ""] = AUTHORITY.exec(authority) ?? [];
    // IPv6 addresses, and nothing else, are in brackets.
    const key = hostKey(ipv6 === undefined ? other : `[${ipv6}]`);
    if (key === undefined) {
      // RFC 9112 §3.2.
      const detail = "must be one host name or IP address, optionally with a port";
      throw new Problem(400, `The Host ${detail}`, { faults: [{ field: "host", detail }] });
    }
    if (isLoopbackHost(key) || this.#allowed.has(key)) return;
    if (this.#anyAddress && parseIpAddress(key) !== undefined) return;
    const detail = `must be ${this.#names()}`;
    const message = `This API cannot be called as ${key.slice(0, 100)}: the Host ${detail}`;
    throw new Problem(421, message, { faults: [{ field: "host", detail }] });
  }

  #names(): string {
    const others = [...this.#allowed].filter((key) => !isLoopbackHost(key));
    if (this.#anyAddress) others.push("any IP address");
    return ["localhost", "127.0.0.1", "[::1]", ...others].join(" or ");
  }
}

/** Canonical form of a host, for comparisons; undefined if it is malformed. */
function hostKey(host: string): string | undefined {
  const name = host.toLowerCase();
  const bracketed = /^\[(.*)\]$/.exec(name)?.[1];
  if (bracketed !== undefined && !bracketed.includes(":")) return undefined;
  const bytes = parseIpAddress(bracketed ?? name);
  if (bytes !== undefined) return formatIpAddress(bytes);
  return bracketed === undefined && name.length <= 253 && NAME.test(name) ? name : undefined;
}
