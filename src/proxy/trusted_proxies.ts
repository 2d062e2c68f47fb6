import { CidrBlock } from "../model/cidr_block.ts";
import { formatIpAddress, type IpBytes, parseIpAddress } from "../model/ip_address.ts";

/** Proxies in front of this one whose forwarding fields are trusted. */
export class TrustedProxies {
  readonly #blocks: readonly CidrBlock[];

  /**
   * @param list Addresses and CIDR blocks.
   * @throws {TypeError} If an entry is neither.
   */
  constructor(list: readonly string[]) {
    this.#blocks = list.map((text) => CidrBlock.parse(text));
  }

  /** Whether an address is that of a trusted proxy. A text that is no address is not trusted. */
  has(address: string | undefined): boolean {
    const bytes = address === undefined ? undefined : parseIpAddress(address);
    return bytes !== undefined && this.#contains(bytes);
  }

  /**
   * The client's address: the right-most in `X-Forwarded-For` that is not a trusted proxy's, as in
   * nginx with `real_ip_recursive`. Each proxy appends its peer, so members further left may be
   * made up by the client. If all are trusted, it is the left-most. A member that is no address
   * ends the search at the previous one.
   *
   * @param peer The address of the peer of this proxy.
   * @param forwardedFor The value of `X-Forwarded-For`, if there is one.
   */
  clientAddress(peer: string | undefined, forwardedFor: string | null): string | undefined {
    if (forwardedFor === null || !this.has(peer)) return peer;
    let client: IpBytes | undefined;
    for (let end = forwardedFor.length; end >= 0;) {
      const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
      const element = forwardedFor.slice(comma + 1, end).trim();
      end = comma;
      // RFC 9110 §5.6.1.2: empty elements are ignored.
      if (element === "") continue;
      const bytes = parseForwardedFor(element);
      if (bytes === undefined) break;
      client = bytes;
      if (!this.#contains(bytes)) break;
    }
    return client === undefined ? peer : formatIpAddress(client);
  }

  /**
   * Finds the client in a chain of parsed addresses.
   *
   * @param chain The addresses, beginning at the client; undefined for members that are none.
   * @returns The index of the client's address; -1 if the last member is no address.
   */
  clientIndex(chain: readonly (IpBytes | undefined)[]): number {
    let client = chain.length;
    while (client > 0 && chain[client - 1] !== undefined) {
      client--;
      if (!this.#contains(chain[client]!)) return client;
    }
    return client < chain.length ? client : -1;
  }

  #contains(bytes: IpBytes): boolean {
    return this.#blocks.some((block) => block.contains(bytes));
  }
}

/**
 * Parses a member of `X-Forwarded-For`. Some proxies put IPv6 addresses in brackets or append a
 * port.
 *
 * @param text The member, without surrounding whitespace.
 * @returns The address; undefined if it is none.
 */
export function parseForwardedFor(text: string): IpBytes | undefined {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?$/.exec(text) ?? [];
  if (ipv6 !== undefined) return ipv6.includes(":") ? parseIpAddress(ipv6) : undefined;
  return parseIpAddress(ipv4 ?? text);
}
