import type { HeaderField } from "../http1/message.ts";
import { type ClientInfo, forwardedElement, type ForwardingFields } from "./forwarding.ts";

/** Name of this proxy in `Via` and `Proxy-Status`. */
export const PROXY_NAME = "ballast";

/**
 * Hop-by-hop request fields (RFC 9110 §7.6.1), with `Proxy-Authenticate` and `Proxy-Authorization`
 * (§11.7), which are meant for the proxy itself, and `Trailer`, as trailer fields are dropped.
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

/** Request fields that this proxy replaces or handles itself. */
const REPLACED: ReadonlySet<string> = new Set([
  // Written with the framing.
  "content-length",
  // RFC 9110 §10.1.1: the platform has answered with 100 already.
  "expect",
  // RFC 7239 and its predecessors: clients could claim anything. See ForwardingFields.
  "forwarded",
  "host",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** Fields that are not simply forwarded. */
const SET_ASIDE: ReadonlySet<string> = HOP_BY_HOP.union(REPLACED);

const NO_OPTIONS: readonly string[] = [];

/**
 * A client's fields, sorted in one pass: each look-up by name would be a call into the runtime, and
 * the iterator of `Headers` costs more than the rest of this file.
 */
export class ReceivedFields {
  /** Fields that may be forwarded, names in lower case. */
  readonly others: HeaderField[] = [];
  /** Value of `Host`. */
  host: string | undefined;
  /** Value of `Content-Length`. */
  contentLength: string | undefined;
  /** Whether there is a `Transfer-Encoding`. */
  chunked = false;
  /** Value of `Connection`. */
  connection: string | undefined;
  /** Value of `Via`. */
  via: string | undefined;
  /** Value of `Upgrade`. */
  upgrade: string | undefined;
  /** Size of all fields in an HTTP/1.1 head, in bytes. */
  size = 0;
  /** Forwarding fields of a trusted proxy; undefined if the peer is not trusted. */
  readonly forwarding: ForwardingFields | undefined;

  /**
   * @param headers The fields of the client's request.
   * @param forwarding Receives the forwarding fields, if the peer is trusted.
   */
  constructor(headers: Headers, forwarding?: ForwardingFields) {
    this.forwarding = forwarding;
    headers.forEach((value, name) => {
      // With a colon, a space and a line break.
      this.size += name.length + value.length + 4;
      if (SET_ASIDE.has(name)) this.#setAside(name, value);
      else this.others.push([name, value]);
    });
  }

  #setAside(name: string, value: string): void {
    if (name === "host") this.host = value;
    else if (name === "content-length") this.contentLength = value;
    else if (name === "transfer-encoding") this.chunked = true;
    else if (name === "connection") this.connection = value;
    else if (name === "via") this.via = value;
    else if (name === "upgrade") this.upgrade = value;
    else this.forwarding?.take(name, value);
  }
}

/**
 * Makes the fields of the request to the server: those of the client without the hop-by-hop ones,
 * with the forwarding fields and `Via`.
 *
 * @param received The client's fields.
 * @param client The client as seen by this proxy.
 */
export function upstreamHeaders(received: ReceivedFields, client: ClientInfo): HeaderField[] {
  // RFC 9110 §7.2: Host first is good practice.
  const headers: HeaderField[] = [["host", client.host]];
  const { connection, via } = received;
  const named = connection === undefined ? NO_OPTIONS : listed(connection);
  for (const field of received.others) if (!named.includes(field[0])) headers.push(field);
  if (received.forwarding !== undefined) headers.push(...received.forwarding.toUpstream(client));
  else {
    if (client.clientAddress !== undefined) headers.push(["x-forwarded-for", client.clientAddress]);
    headers.push(["x-forwarded-host", client.host]);
    headers.push(["x-forwarded-proto", client.scheme]);
    headers.push(["forwarded", forwardedElement(client)]);
  }
  // RFC 9110 §7.6.3. The version received is unknown here; 1.1 is spoken to the server.
  headers.push(["via", via === undefined ? `1.1 ${PROXY_NAME}` : `${via}, 1.1 ${PROXY_NAME}`]);
  return headers;
}

/**
 * Whether a client asks for a WebSocket (RFC 6455 §4.2.1). RFC 9110 §7.8: an `Upgrade` that
 * `Connection` does not name is not for this proxy.
 */
export function asksForWebSocket({ upgrade, connection }: ReceivedFields): boolean {
  if (upgrade === undefined || connection === undefined) return false;
  return listed(upgrade).includes("websocket") && listed(connection).includes("upgrade");
}

/** The members of a list (RFC 9110 §5.6.1), in lower case, such as the names in `Connection`. */
function listed(value: string): readonly string[] {
  return value.toLowerCase().split(",").map((name) => name.trim());
}
