import type { HeaderField } from "../http1/message.ts";

/**
 * How long nothing may come from a client, in seconds. After half of that the platform sends a ping;
 * a client that does not answer it in the other half is gone. Until then a server's pings are
 * answered for it: what the client answers is known to the platform alone. It is as short as it can
 * be for a slow client to send a message of 16 MiB, behind which its answer waits, at 140 kB/s.
 */
const CLIENT_SILENCE_SECONDS = 120;

/** A client's side of a WebSocket, and the response that opens it. */
export interface ClientUpgrade {
  /** The WebSocket, which opens once the response has been sent. */
  readonly socket: WebSocket;
  /** The response, to be returned to the platform as it is. */
  readonly response: Response;
}

/** Whether the runtime can turn a request into a WebSocket in a way that is known here. */
export function canUpgradeClient(): boolean {
  return typeof Deno !== "undefined" && "upgradeWebSocket" in Deno;
}

/**
 * Turns a client's request into a WebSocket.
 *
 * @param request The request, a valid one (RFC 6455 §4.2.1).
 * @param headers What the response is to have beside the handshake's own fields.
 * @throws {TypeError} What `Deno.upgradeWebSocket` throws, for example for a request that no
 * listener of Deno's has received.
 */
export function upgradeClient(request: Request, headers: readonly HeaderField[]): ClientUpgrade {
  const { socket, response } = Deno.upgradeWebSocket(request, {
    idleTimeout: CLIENT_SILENCE_SECONDS,
  });
  // The subprotocol goes this way, too: the platform knows only lists with a space in them.
  for (const [name, value] of headers) response.headers.append(name, value);
  socket.binaryType = "arraybuffer";
  return { socket, response };
}
