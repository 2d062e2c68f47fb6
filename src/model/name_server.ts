import { formatIpAddress, parseIpAddress } from "./ip_address.ts";

/** The port of DNS (RFC 1035 §4.2). */
const DNS_PORT = 53;

/** The address of a DNS server. */
export interface NameServer {
  /** The IP address, IPv6 without brackets. */
  readonly address: string;
  /** The port. */
  readonly port: number;
}

/**
 * Reads the address of a name server: an IP address, IPv6 in brackets where a port follows.
 *
 * @param text The address, for example `127.0.0.1:8600`, `[::1]:53` or `10.0.0.10`.
 * @returns The address, with port 53 by default; undefined if the text is not an address.
 */
export function parseNameServer(text: string): NameServer | undefined {
  const bare = parseIpAddress(text);
  if (bare !== undefined) return { address: formatIpAddress(bare), port: DNS_PORT };
  const [, address, port = String(DNS_PORT)] =
    /^(\[[0-9A-Fa-f:.]+\]|[0-9.]+)(?::([1-9][0-9]{0,4}))?$/.exec(text) ?? [];
  const bytes = parseIpAddress(address?.replace(/^\[(.*)\]$/, "$1") ?? "");
  const hasBrackets = address?.startsWith("[") ?? false;
  if (bytes === undefined || Number(port) > 65_535) return undefined;
  if (hasBrackets !== address!.includes(":")) return undefined;
  return { address: formatIpAddress(bytes), port: Number(port) };
}

/** An IP address and a port as one text, IPv6 in brackets. */
export function addressAndPort(address: string, port: number): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
