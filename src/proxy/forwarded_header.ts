import { type IpBytes, parseIpAddress } from "../model/ip_address.ts";
import { isHostField } from "../http1/request_url.ts";

/** Element of `Forwarded` (RFC 7239 §4), with which a proxy describes the request it received. */
export interface ForwardedElement {
  /** Whether it has the parameter `for`. */
  readonly hasFor: boolean;
  /** IP address in `for`; undefined if it is unknown or obfuscated (§6.2, §6.3). */
  readonly address: IpBytes | undefined;
  /** Value of `host`. */
  readonly host: string | undefined;
  /** Value of `proto`. */
  readonly proto: string | undefined;
  /** Pairs as received, except `host` and `proto`. */
  readonly otherPairs: readonly string[];
}

/** Pair of an element: a token, and a token or a quoted string (RFC 7239 §4). */
const PAIR =
  /([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)|"((?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*)")/y;
/** Separator of pairs and, with whitespace (RFC 9110 §5.6.1), of elements. */
const SEPARATOR = /[ \t]*([;,])[ \t]*/y;
/** A node: an address, `unknown` or an obfuscated identifier, and a port (RFC 7239 §6). */
const NODE =
  /^(?:unknown|_[A-Za-z0-9._-]+|([0-9.]+)|\[([0-9A-Fa-f:.]+)\])(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?$/i;
/** A URI scheme (RFC 3986 §3.1). */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/**
 * The longest chain of proxies that is accepted. Without a limit, a client could send a costly one,
 * and `Forwarded`, which is longer than `X-Forwarded-For`, could become larger than any head.
 */
export const CHAIN_MAX = 64;

/** Whether a text is a URI scheme (RFC 3986 §3.1). */
export function isScheme(text: string): boolean {
  return SCHEME.test(text);
}

/**
 * Parses a whole `Forwarded` value (RFC 7239 §4).
 *
 * @param value The value; several lines are joined with commas.
 * @returns The elements, beginning at the client; undefined if the value is malformed, an element
 * has a parameter twice or an invalid node, host or scheme, or there are more than 64 elements.
 */
export function parseForwarded(value: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let pairs = new Map<string, Pair>();
  for (let at = 0;;) {
    PAIR.lastIndex = at;
    const match = PAIR.exec(value);
    if (match === null) return undefined;
    const [text, rawName, token, quoted = ""] = match;
    const name = rawName!.toLowerCase();
    // RFC 7239 §4: a parameter must not occur more than once in an element.
    if (pairs.has(name)) return undefined;
    pairs.set(name, { text, value: token ?? quoted.replace(/\\(.)/g, "$1") });
    at = PAIR.lastIndex;
    SEPARATOR.lastIndex = at;
    const separator = at === value.length ? "," : SEPARATOR.exec(value)?.[1];
    if (separator === undefined) return undefined;
    if (separator === ",") {
      const element = toElement(pairs);
      if (element === undefined || elements.length === CHAIN_MAX) return undefined;
      elements.push(element);
      pairs = new Map();
      if (at === value.length) return elements;
    }
    at = SEPARATOR.lastIndex;
  }
}

/**
 * Makes the pair `for` of an element from a member of `X-Forwarded-For`.
 *
 * @param member An IP address with or without a port, or an obfuscated identifier; anything else
 * becomes `unknown`. IPv6 is put in brackets and quotes (RFC 7239 §6).
 * @param address The address in it; undefined if there is none.
 */
export function forPair(member: string, address: IpBytes | undefined): string {
  // Nearly every member is an IPv4 address alone.
  if (address?.length === 4 && !member.includes(":")) return `for=${member}`;
  const node = isNode(member) ? member : `[${member}]`;
  if (!isNode(node)) return "for=unknown";
  return node.includes(":") ? `for="${node}"` : `for=${node}`;
}

interface Pair {
  /** As received. */
  readonly text: string;
  /** Without quotes. */
  readonly value: string;
}

function toElement(pairs: ReadonlyMap<string, Pair>): ForwardedElement | undefined {
  const from = pairs.get("for")?.value;
  const by = pairs.get("by")?.value;
  const host = pairs.get("host")?.value;
  const proto = pairs.get("proto")?.value;
  if (from !== undefined && !isNode(from)) return undefined;
  if (by !== undefined && !isNode(by)) return undefined;
  if (host !== undefined && !isHostField(host)) return undefined;
  if (proto !== undefined && !isScheme(proto)) return undefined;
  const otherPairs: string[] = [];
  for (const [name, { text }] of pairs) {
    if (name !== "host" && name !== "proto") otherPairs.push(text);
  }
  const address = from === undefined ? undefined : nodeAddress(from);
  return { hasFor: from !== undefined, address, host, proto, otherPairs };
}

function isNode(text: string): boolean {
  const match = NODE.exec(text);
  if (match === null) return false;
  return (match[1] ?? match[2]) === undefined || nodeAddress(text) !== undefined;
}

function nodeAddress(text: string): IpBytes | undefined {
  const [, ipv4, ipv6] = NODE.exec(text) ?? [];
  if (ipv6 !== undefined) return ipv6.includes(":") ? parseIpAddress(ipv6) : undefined;
  return ipv4 === undefined ? undefined : parseIpAddress(ipv4);
}
