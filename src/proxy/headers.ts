import type { HeaderField } from "../transport/transport.ts";

/** The name by which this proxy goes in `Via` and `Proxy-Status`. */
export const PROXY_NAME = "ballast";

/**
 * Fields that are about one connection only, and so are not passed on (RFC 9110 §7.6.1), with
 * `Proxy-Authenticate` and `Proxy-Authorization` (§11.7), which speak to the proxy itself, and
 * `Trailer`, as trailer fields are dropped.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Request fields that this proxy writes itself, or answers itself. */
const REPLACED: ReadonlySet<string> = new Set([
  // Written by whoever knows the framing.
  "content-length",
  // RFC 9110 §10.1.1: the server under this proxy has answered with 100 already.
  "expect",
  // RFC 7239 and its forerunners: a client could claim anything in them.
  "forwarded",
  "host",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** Who sent a request, and how, as this proxy saw it. */
export interface Origin {
  /** The client's IP address; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /** The host and port that the client asked for. */
  readonly host: string;
  /** The scheme by which the client came: `http` or `https`. */
  readonly scheme: string;
}

/**
 * The fields of the request to the server: what the client sent, less what is about its connection,
 * with who it is.
 *
 * @param received What the client sent.
 * @param origin Who the client is.
 */
export function upstreamHeaders(received: Headers, origin: Origin): HeaderField[] {
  const named = connectionOptions(received.get("connection"));
  // RFC 9110 §7.2: Host first is good practice.
  const headers: HeaderField[] = [["host", origin.host]];
  for (const field of received) {
    const name = field[0];
    if (HOP_BY_HOP.has(name) || REPLACED.has(name) || named.includes(name)) continue;
    headers.push(field);
  }
  if (origin.clientAddress !== undefined) headers.push(["x-forwarded-for", origin.clientAddress]);
  headers.push(["x-forwarded-host", origin.host]);
  headers.push(["x-forwarded-proto", origin.scheme]);
  headers.push(["forwarded", forwarded(origin)]);
  // RFC 9110 §7.6.3. The version received is not known here; 1.1 is what the server will speak.
  const via = received.get("via");
  headers.push(["via", via === null ? `1.1 ${PROXY_NAME}` : `${via}, 1.1 ${PROXY_NAME}`]);
  return headers;
}

/**
 * Adds to a response what the server sent, less what is about its connection.
 *
 * @param headers The fields of the response to the client.
 * @param received What the server sent, names in lower case.
 * @param status The status of the response.
 */
export function addDownstreamHeaders(
  headers: Headers,
  received: readonly HeaderField[],
  status: number,
): void {
  let named: readonly string[] = [];
  for (const [name, value] of received) {
    if (name === "connection") named = [...named, ...connectionOptions(value)];
  }
  for (const [name, value] of received) {
    if (HOP_BY_HOP.has(name)) continue;
    // The length is part of the framing, not of the connection, so it cannot be named away.
    if (name !== "content-length" && named.includes(name)) continue;
    // RFC 9110 §8.6: no Content-Length in a 204.
    if (name === "content-length" && status === 204) continue;
    headers.append(name, value);
  }
}

/** The names in a `Connection` field, in lower case (RFC 9110 §7.6.1). */
function connectionOptions(value: string | null): readonly string[] {
  if (value === null) return [];
  return value.toLowerCase().split(",").map((name) => name.trim());
}

/** The `Forwarded` field (RFC 7239 §4); an IPv6 address is quoted and in brackets (§6). */
function forwarded({ clientAddress, host, scheme }: Origin): string {
  const client = clientAddress === undefined
    ? "unknown"
    : clientAddress.includes(":")
    ? `"[${clientAddress}]"`
    : clientAddress;
  return `for=${client};host="${host}";proto=${scheme}`;
}
