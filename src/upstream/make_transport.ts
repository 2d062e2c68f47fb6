import { FetchTransport } from "./fetch/fetch_transport.ts";
import { canDial } from "./dial.ts";
import { Http1Transport, type Http1TransportOptions } from "./http1_transport.ts";
import type { WebSocketTransport } from "./transport.ts";

/**
 * Makes the best transport for this runtime: HTTP/1.1 over Deno's sockets, or `fetch`.
 *
 * @param options Clock, deadlines, timeouts and TLS settings.
 * @throws {BalancerError} `unsupported` if the runtime cannot do what the options say.
 */
export function makeTransport(options: Http1TransportOptions): WebSocketTransport {
  return canDial() ? new Http1Transport(options) : new FetchTransport(options);
}
