import type { HeaderField } from "../http1/message.ts";
import { localReply } from "./local_reply.ts";

/**
 * How long a client may be silent, in seconds. After half of that, the platform sends a ping; a
 * client that does not answer it in the other half is considered gone. Servers' pings are answered
 * locally meanwhile, as only the platform sees the client's pongs. The time is as short as possible
 * for a client that sends a message of 16 MiB, behind which its pong waits, at 140 kB/s.
 */
const CLIENT_SILENCE_SECONDS = 120;

/** The base64 encoding of 16 bytes (RFC 6455 §4.2.1). */
const KEY = /^[A-Za-z0-9+/]{21}[AQgw]==$/;

const STATUS_TEXTS = {
  400: "Bad Request",
  405: "Method Not Allowed",
  426: "Upgrade Required",
  501: "Not Implemented",
};

/** The client's side of a WebSocket, and the response that opens it. */
export interface ClientUpgrade {
  /** The WebSocket, which opens once the response has been sent. */
  readonly socket: WebSocket;
  /** The response, to be returned to the platform unchanged. */
  readonly response: Response;
}

/**
 * The local reply to an invalid request for a WebSocket (RFC 6455 §4.2.1); undefined if the request
 * is valid.
 *
 * @param request The client's request.
 */
export function refuseUpgrade(request: Request): Response | undefined {
  const { method, headers } = request;
  if (method !== "GET") {
    return refusal(405, "A WebSocket is requested with GET.", { allow: "GET" });
  }
  // RFC 6455 §4.4; RFC 9110 §15.5.22: a 426 names the protocol to upgrade to.
  if (headers.get("sec-websocket-version") !== "13") {
    return refusal(426, "Only version 13 of the WebSocket protocol is supported.", {
      "connection": "upgrade",
      "upgrade": "websocket",
      "sec-websocket-version": "13",
    });
  }
  if (!KEY.test(headers.get("sec-websocket-key") ?? "")) {
    return refusal(400, "Sec-WebSocket-Key is not the base64 encoding of 16 bytes.");
  }
  if (typeof Deno === "undefined" || !("upgradeWebSocket" in Deno)) {
    return refusal(501, "The load balancer does not support WebSockets on its runtime.");
  }
  return undefined;
}

/**
 * Turns a client's request into a WebSocket.
 *
 * @param request A request that {@linkcode refuseUpgrade} does not refuse.
 * @param headers Fields of the response in addition to those of the handshake.
 * @throws {TypeError} From `Deno.upgradeWebSocket`, for example if no listener of Deno's received
 * the request.
 */
export function upgradeClient(request: Request, headers: readonly HeaderField[]): ClientUpgrade {
  const { socket, response } = Deno.upgradeWebSocket(request, {
    idleTimeout: CLIENT_SILENCE_SECONDS,
  });
  // Includes the subprotocol: the platform only understands lists with a space after each comma.
  for (const [name, value] of headers) response.headers.append(name, value);
  socket.binaryType = "arraybuffer";
  return { socket, response };
}

function refusal(
  status: keyof typeof STATUS_TEXTS,
  why: string,
  headers: Record<string, string> = {},
): Response {
  return localReply(status, `${status} ${STATUS_TEXTS[status]}: ${why}`, headers);
}
