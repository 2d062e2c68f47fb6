import { parseIpAddress } from "./ip_address.ts";

/** The longest name that DNS has, in characters, without a final dot (RFC 1035 §2.3.4). */
const NAME_MAX_LENGTH = 253;
/** One part of a name; names of services have underscores (RFC 2782). */
const LABEL = /^[A-Za-z0-9_-]{1,63}$/;
/** The end of what a URL parser takes for IPv4 in one of its old notations (WHATWG URL §3.5). */
const NUMBER_AT_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;

/** Whether DNS can be asked for a name; it may end with a dot. */
export function isDnsName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return plain.length <= NAME_MAX_LENGTH && plain.split(".").every((label) => LABEL.test(label));
}

/**
 * Whether a text is a host: a name or an IP address, IPv6 without brackets and perhaps with a zone
 * (RFC 4007 §11). 127.0.0.010 and 0x7f.1 are none, as resolvers read them as other addresses.
 *
 * @param text The host, without a port.
 */
export function isHost(text: string): boolean {
  if (text.includes(":")) return parseIpAddress(text.replace(/%.*$/, "")) !== undefined;
  return NUMBER_AT_END.test(text) ? parseIpAddress(text) !== undefined : isDnsName(text);
}

/**
 * What is wrong with the host and port of an `http:` or `https:` URL: what the URL parser would turn
 * into something else without a word, and what is the name of no host.
 *
 * @param text The URL as it was written, without a user.
 * @param hostname What the URL parser has made of its host.
 * @returns The rest of a sentence that begins with the URL; undefined where nothing is wrong.
 */
export function urlHostFault(text: string, hostname: string): string | undefined {
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(text)?.[1] ?? "";
  if (/:0[0-9]+$/.test(authority)) return "has a port with a leading zero";
  // The parser is strict with IPv6.
  if (hostname.startsWith("[")) return undefined;
  const written = authority.replace(/:[0-9]*$/, "").toLowerCase();
  // What the parser has left as it was is IPv4 in its usual form, or no IPv4.
  if (written === hostname && isDnsName(hostname)) return undefined;
  if (parseIpAddress(hostname) !== undefined) {
    return "has an IPv4 address that is not written as four decimal numbers without leading zeros";
  }
  // The parser has turned an internationalized name into the one that DNS knows (RFC 5891).
  if (/[\u0080-\uffff]/.test(written) && isDnsName(hostname)) return undefined;
  return "has a host that is neither a name nor an IP address";
}
