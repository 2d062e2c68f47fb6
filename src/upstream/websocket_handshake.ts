import type { HeaderField, UpstreamRequest } from "../http1/message.ts";
import { badResponse } from "../http1/response_errors.ts";
import type { ResponseHead } from "../http1/response_head.ts";

/** The GUID that is appended to a key before it is hashed (RFC 6455 §1.3). */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The handshake fields of either side, which are not forwarded (RFC 6455 §11.3). */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "sec-websocket-accept",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
]);

/** The client's side of an opening handshake (RFC 6455 §4.1). */
export class SocketHandshake {
  /** The request with the handshake's fields. */
  readonly request: UpstreamRequest;
  readonly #key: string;
  readonly #offered: readonly string[];

  /** @param request A GET, with the subprotocols that the client offers. */
  constructor(request: UpstreamRequest) {
    const key = this.#key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
    this.#offered = request.headers
      .filter(([name]) => name === "sec-websocket-protocol")
      .flatMap(([, value]) => value.split(",").map((protocol) => protocol.trim()));
    this.request = {
      ...request,
      headers: [
        ...passedOn(request.headers),
        ["connection", "Upgrade"],
        ["upgrade", "websocket"],
        ["sec-websocket-key", key],
        ["sec-websocket-version", "13"],
      ],
    };
  }

  /**
   * Checks a server's side of the handshake.
   *
   * @param head The head of the 101 response.
   * @returns The fields that are passed on.
   * @throws {BalancerError} `bad_response` where RFC 6455 §4.1 says that the handshake failed.
   */
  async check({ headers, framing }: ResponseHead): Promise<HeaderField[]> {
    const toWebSocket = framing.some(({ role, ...field }) =>
      role === "upgrade" && "protocol" in field && field.protocol === "websocket"
    );
    if (!toWebSocket) throw badResponse("switches to something other than WebSocket");
    const named = framing.some((field) =>
      field.role === "connection" && field.options.includes("upgrade")
    );
    if (!named) throw badResponse("switches protocols without Upgrade in its Connection field");
    if (only(headers, "sec-websocket-accept") !== await acceptFor(this.#key)) {
      throw badResponse("has a wrong Sec-WebSocket-Accept");
    }
    if (only(headers, "sec-websocket-extensions") !== undefined) {
      throw badResponse("uses a WebSocket extension that was not offered");
    }
    const protocol = only(headers, "sec-websocket-protocol");
    if (protocol !== undefined && !this.#offered.includes(protocol)) {
      throw badResponse("has a WebSocket subprotocol that was not offered");
    }
    return passedOn(headers);
  }
}

/** The value of `Sec-WebSocket-Accept` for a key (RFC 6455 §4.2.2). */
export async function acceptFor(key: string): Promise<string> {
  const bytes = new TextEncoder().encode(key + ACCEPT_SUFFIX);
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes)).toBase64();
}

function passedOn(headers: readonly HeaderField[]): HeaderField[] {
  return headers.filter(([name]) => !OWN_FIELDS.has(name));
}

/** The value of a field that may be there once. */
function only(headers: readonly HeaderField[], wanted: string): string | undefined {
  const [field, second] = headers.filter(([name]) => name === wanted);
  if (second !== undefined) throw badResponse(`has more than one ${wanted}`);
  return field?.[1];
}
