import { CidrBlock } from "../core/cidr_block.ts";
import { formatIpAddress, type IpBytes, parseIpAddress } from "../core/ip_address.ts";

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
      const bytes = parseNode(element);
      if (bytes === undefined) break;
      client = bytes;
      if (!this.#contains(bytes)) break;
    }
    return client === undefined ? peer : formatIpAddress(client);
  }

  #contains(bytes: IpBytes): boolean {
    return this.#blocks.some((block) => block.contains(bytes));
  }
}

/** An address as proxies write it: some put IPv6 in brackets, and some put the port behind it. */
function parseNode(text: string): IpBytes | undefined {
  const [, ipv6, ipv4] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?$/.exec(text) ?? [];
  if (ipv6 !== undefined) return ipv6.includes(":") ? parseIpAddress(ipv6) : undefined;
  return parseIpAddress(ipv4 ?? text);
}
