import { parseIpAddress } from "./ip_address.ts";

/** The longest DNS name, in characters, without a final dot (RFC 1035 §2.3.4). */
const NAME_MAX_LENGTH = 253;
/** One part of a name; names of services have underscores (RFC 2782). */
const LABEL = /^[A-Za-z0-9_-]{1,63}$/;
/** The end of a host that URL parsers read as IPv4 in one of its old notations (WHATWG URL §3.5). */
const NUMBER_AT_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i;

/** Whether a text is a valid DNS name; it may end with a dot. */
export function isDnsName(name: string): boolean {
  const plain = name.replace(/\.$/, "");
  return plain.length <= NAME_MAX_LENGTH && plain.split(".").every((label) => LABEL.test(label));
}

/**
 * Whether a text is a host: a name or an IP address, IPv6 without brackets and perhaps with a zone
 * (RFC 4007 §11). 127.0.0.010 and 0x7f.1 are not, as resolvers read them as other addresses.
 *
 * @param text The host, without a port.
 */
export function isHost(text: string): boolean {
  if (text.includes(":")) return parseIpAddress(text.replace(/%.*$/, "")) !== undefined;
  return NUMBER_AT_END.test(text) ? parseIpAddress(text) !== undefined : isDnsName(text);
}

/**
 * Checks the host and port of an `http:` or `https:` URL: refuses spellings that the URL parser would
 * silently turn into something else, and texts that are not a host.
 *
 * @param text The URL as it was written, without a user.
 * @param hostname Its host as the URL parser returned it.
 * @returns The fault, as the rest of a sentence that begins with the URL; undefined without one.
 */
export function urlHostFault(text: string, hostname: string): string | undefined {
  const authority = /^[^:]*:\/\/([^/?#]*)/.exec(text)?.[1] ?? "";
  if (/:0[0-9]+$/.test(authority)) return "has a port with a leading zero";
  // The parser is strict with IPv6.
  if (hostname.startsWith("[")) return undefined;
  const written = authority.replace(/:[0-9]*$/, "").toLowerCase();
  // Unchanged by the parser: IPv4 in its usual form, or a name.
  if (written === hostname && isDnsName(hostname)) return undefined;
  if (parseIpAddress(hostname) !== undefined) {
    return "has an IPv4 address that is not written as four decimal numbers without leading zeros";
  }
  // The parser turns an internationalized name into its DNS form (RFC 5891).
  if (/[\u0080-\uffff]/.test(written) && isDnsName(hostname)) return undefined;
  return "has a host that is neither a name nor an IP address";
}
