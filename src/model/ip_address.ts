/** An IP address as its bytes: 4 of them for IPv4, 16 for IPv6. */
export type IpBytes = Uint8Array;

/** One to three digits without a leading zero, which some parsers read as octal. */
const DECIMAL = /^(?:0|[1-9][0-9]{0,2})$/;
/** A group of an IPv6 address (RFC 4291 §2.2). */
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
/** The longest spelling: six groups and an IPv4 address in dots. */
const ADDRESS_MAX_LENGTH = 45;
/** An IPv4 address in an IPv6 address begins like this (RFC 4291 §2.5.5.2). */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

/**
 * Parses an IP address strictly: IPv4 as four numbers without leading zeros, IPv6 by RFC 4291 §2.2,
 * without brackets and without a zone.
 *
 * @param text The address.
 * @returns Its bytes; an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`) is IPv4. Undefined where the
 * text is not an address.
 */
export function parseIpAddress(text: string): IpBytes | undefined {
  if (text.length > ADDRESS_MAX_LENGTH) return undefined;
  return text.includes(":") ? unmapped(parseIpv6(text)) : parseIpv4(text);
}

/**
 * The usual spelling of an address (RFC 5952).
 *
 * @param bytes The address.
 */
export function formatIpAddress(bytes: IpBytes): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) groups.push((bytes[at]! << 8 | bytes[at + 1]!).toString(16));
  // The URL parser knows where the "::" goes.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/**
 * Whether this is a loopback address: 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1
 * (RFC 4291 §2.5.3).
 */
export function isLoopbackAddress(bytes: IpBytes): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes[15] === 1 && bytes.subarray(0, 15).every((byte) => byte === 0);
}

/** Whether listening on this address means every address of the machine: 0.0.0.0 or ::. */
export function isUnspecifiedAddress(bytes: IpBytes): boolean {
  return bytes.every((byte) => byte === 0);
}

function parseIpv4(text: string): IpBytes | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!DECIMAL.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): IpBytes | undefined {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  if (after === undefined) {
    const bytes = readGroups(before, true);
    return bytes?.length === 16 ? Uint8Array.from(bytes) : undefined;
  }
  const head = readGroups(before, false);
  const tail = readGroups(after, true);
  // "::" stands for one group of zeros at least.
  if (head === undefined || tail === undefined || head.length + tail.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of groups; the last group may be an IPv4 address where the address ends there. */
function readGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [index, group] of groups.entries()) {
    if (GROUP.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const ipv4 = isEnd && index === groups.length - 1 ? parseIpv4(group) : undefined;
    if (ipv4 === undefined) return undefined;
    bytes.push(...ipv4);
  }
  return bytes;
}

function unmapped(bytes: IpBytes | undefined): IpBytes | undefined {
  if (bytes === undefined) return undefined;
  return MAPPED_PREFIX.every((byte, index) => bytes[index] === byte) ? bytes.subarray(12) : bytes;
}
