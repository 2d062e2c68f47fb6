import { CidrBlock } from "../model/cidr_block.ts";
import { formatIpAddress, type IpBytes, parseIpAddress } from "../model/ip_address.ts";

/** The proxies in front of this one whose forwarding fields are believed. */
export class TrustedProxies {
  readonly #blocks: readonly CidrBlock[];

  /**
   * @param list Their addresses and CIDR blocks.
   * @throws {TypeError} If one is neither.
   */
  constructor(list: readonly string[]) {
    this.#blocks = list.map((text) => CidrBlock.parse(text));
  }

  /** Whether this is the address of one of them. What is no address is not trusted. */
  has(address: string | undefined): boolean {
    const bytes = address === undefined ? undefined : parseIpAddress(address);
    return bytes !== undefined && this.#contains(bytes);
  }

  /**
   * The address of the client: the right-most one in `X-Forwarded-For` that is not a trusted
   * proxy's, as nginx has it with `real_ip_recursive`. Each proxy appends who called it, so what
   * stands left of that is the client's own claim. Where all are trusted, it is the left-most; what
   * is no address ends the search, and then it is the last one before.
   *
   * @param peer The address of whoever called this proxy.
   * @param forwardedFor The value of `X-Forwarded-For`, if there is one.
   */
  clientAddress(peer: string | undefined, forwardedFor: string | null): string | undefined {
    if (forwardedFor === null || !this.has(peer)) return peer;
    let client: IpBytes | undefined;
    for (let end = forwardedFor.length; end >= 0;) {
      const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(",", end - 1);
      const element = forwardedFor.slice(comma + 1, end).trim();
      end = comma;
      // RFC 9110 §5.6.1.2: an empty element counts for nothing.
      if (element === "") continue;
      const bytes = parseForwardedFor(element);
      if (bytes === undefined) break;
      client = bytes;
      if (!this.#contains(bytes)) break;
    }
    return client === undefined ? peer : formatIpAddress(client);
  }

  /**
   * The same for a chain whose members were read already.
   *
   * @param chain The addresses, the client's end first; undefined for what is no address.
   * @returns The index of the client's; -1 where the last one is no address.
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
 * Parses a member of `X-Forwarded-For`: some proxies put IPv6 in brackets, and some a port behind.
 *
 * @param text The member, without whitespace around it.
 * @returns The address; undefined where it is none.
 */
export function parseForwardedFor(text: string): IpBytes | undefined {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?$/.exec(text) ?? [];
  if (ipv6 !== undefined) return ipv6.includes(":") ? parseIpAddress(ipv6) : undefined;
  return parseIpAddress(ipv4 ?? text);
}
