import type { UpstreamRequest } from "../http1/message.ts";
import type { UpstreamResponse, UpstreamSocket } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeSettings } from "./exchange_context.ts";
import { Http1Socket } from "./websocket_connection.ts";
import { SocketHandshake } from "./websocket_handshake.ts";

/**
 * Asks a server for a WebSocket (RFC 6455 §4).
 *
 * @param connection An open connection that nothing else uses.
 * @param request A GET without content, to which the handshake's fields are added.
 * @param settings How the request is sent.
 * @returns The open WebSocket, or the response by which the server refused it.
 * @throws {BalancerError} See {@linkcode WebSocketTransport.upgrade}. The connection is closed then.
 */
export async function openSocket(
  connection: Connection,
  request: UpstreamRequest,
  settings: ExchangeSettings,
): Promise<UpstreamResponse | UpstreamSocket> {
  const handshake = new SocketHandshake(request);
  const exchange = new Exchange(connection, handshake.request, { ...settings, upgrading: true });
  const response = await exchange.run();
  const switched = exchange.detach();
  if (switched === undefined) return response;
  try {
    const headers = await handshake.check(switched.head);
    return new Http1Socket(switched.connection, { headers, record: settings.options.record });
  } catch (error) {
    switched.connection.close();
    throw error;
  }
}
