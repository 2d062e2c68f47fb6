import type { HeaderField } from "../http1/message.ts";
import { type ClientInfo, forwardedElement, type ForwardingFields } from "./forwarding.ts";

/** The name by which this proxy goes in `Via` and `Proxy-Status`. */
export const PROXY_NAME = "ballast";

/**
 * Request fields that are about one connection only, and so are not passed on (RFC 9110 §7.6.1), with
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
  // RFC 7239 and its forerunners: a client could claim anything in them. See ForwardingFields.
  "forwarded",
  "host",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

/** What is not among the fields that are simply passed on. */
const SET_ASIDE: ReadonlySet<string> = HOP_BY_HOP.union(REPLACED);

const NO_OPTIONS: readonly string[] = [];

/**
 * A client's fields, taken apart in one pass: each look-up by name would be a call into the runtime,
 * and the iterator of `Headers` costs more than all the rest of this file.
 */
export class ReceivedFields {
  /** What may be passed on, names in lower case. */
  readonly others: HeaderField[] = [];
  /** The value of `Host`. */
  host: string | undefined;
  /** The value of `Content-Length`. */
  contentLength: string | undefined;
  /** Whether there is a `Transfer-Encoding`. */
  chunked = false;
  /** The value of `Connection`. */
  connection: string | undefined;
  /** The value of `Via`. */
  via: string | undefined;
  /** The value of `Upgrade`. */
  upgrade: string | undefined;
  /** How much room all of them take in an HTTP/1.1 head, in bytes. */
  size = 0;
  /** What a trusted proxy says of the client; undefined where none is trusted. */
  readonly forwarding: ForwardingFields | undefined;

  /**
   * @param headers What the client sent.
   * @param forwarding What takes the forwarding fields, if the sender is trusted with them.
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
 * The fields of the request to the server: what the client sent, less what is about its connection,
 * with who it is.
 *
 * @param received What the client sent.
 * @param origin Who the client is.
 */
export function upstreamHeaders(received: ReceivedFields, origin: ClientInfo): HeaderField[] {
  // RFC 9110 §7.2: Host first is good practice.
  const headers: HeaderField[] = [["host", origin.host]];
  const { connection, via } = received;
  const named = connection === undefined ? NO_OPTIONS : listed(connection);
  for (const field of received.others) if (!named.includes(field[0])) headers.push(field);
  if (received.forwarding !== undefined) headers.push(...received.forwarding.toUpstream(origin));
  else {
    if (origin.clientAddress !== undefined) headers.push(["x-forwarded-for", origin.clientAddress]);
    headers.push(["x-forwarded-host", origin.host]);
    headers.push(["x-forwarded-proto", origin.scheme]);
    headers.push(["forwarded", forwardedElement(origin)]);
  }
  // RFC 9110 §7.6.3. The version received is not known here; 1.1 is what the server will speak.
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
