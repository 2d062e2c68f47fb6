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
/** A host and perhaps a port (RFC 9110 §7.2); IPv6 is in brackets. */
const AUTHORITY = /^(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::[0-9]*)?$/;

/**
 * Whether a host is this machine and can be reached from nowhere else: `localhost`, 127.0.0.0/8 or
 * `::1`, also in brackets.
 *
 * @param host A host name or an IP address, without a port.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  const bytes = parseIpAddress(name.replace(/^\[(.*)\]$/, "$1"));
  return name === "localhost" || (bytes !== undefined && isLoopbackAddress(bytes));
}

/**
 * Refuses requests that were made for another host. A web page whose name is made to resolve to
 * this machine (DNS rebinding) has its own name in `Host`, whatever else it can do.
 */
export class HostCheck {
  readonly #allowed: ReadonlySet<string>;
  readonly #anyAddress: boolean;

  /**
   * @param hosts Host names and IP addresses that are allowed beside the loopback ones; `0.0.0.0`
   * and `::` stand for every IP address, which no one can rebind.
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

  /**
   * @param request What was received.
   * @throws {Problem} 400 for what is no host, 421 for one that is not allowed (RFC 9110 §15.5.20).
   */
  check(request: Request): void {
    // In the URL is the authority of an absolute-form target, else the Host (RFC 9112 §3.3).
    const { url } = request;
    const from = url.indexOf("://") + 3;
    const to = url.slice(from).search(/[/?#]|$/);
    this.#checkAuthority(url.slice(from, from + to));
    const host = request.headers.get("host");
    if (host !== null) this.#checkAuthority(host);
  }

  #checkAuthority(authority: string): void {
    const [, ipv6, other = ""] = AUTHORITY.exec(authority) ?? [];
    // Outside of brackets an IPv6 address cannot be, inside nothing else.
    const key = hostKey(ipv6 === undefined ? other : `[${ipv6}]`);
    if (key === undefined) {
      // RFC 9112 §3.2.
      const detail = "must be one host name or IP address, perhaps with a port";
      throw new Problem(400, `The Host ${detail}`, { faults: [{ field: "host", detail }] });
    }
    if (isLoopbackHost(key) || this.#allowed.has(key)) return;
    if (this.#anyAddress && parseIpAddress(key) !== undefined) return;
    const detail = `must be ${this.#names()}`;
    throw new Problem(
      421,
      `This API does not go by the name ${key.slice(0, 100)}: the Host ${detail}`,
      {
        faults: [{ field: "host", detail }],
      },
    );
  }

  #names(): string {
    const others = [...this.#allowed].filter((key) => !isLoopbackHost(key));
    if (this.#anyAddress) others.push("any IP address");
    return ["localhost", "127.0.0.1", "[::1]", ...others].join(" or ");
  }
}

/** What stands for a host in comparisons; undefined where it is none. */
function hostKey(host: string): string | undefined {
  const name = host.toLowerCase();
  const bracketed = /^\[(.*)\]$/.exec(name)?.[1];
  if (bracketed !== undefined && !bracketed.includes(":")) return undefined;
  const bytes = parseIpAddress(bracketed ?? name);
  if (bytes !== undefined) return formatIpAddress(bytes);
  return bracketed === undefined && name.length <= 253 && NAME.test(name) ? name : undefined;
}
