import { FetchTransport } from "./fetch/fetch_transport.ts";
import { canDial } from "./dial.ts";
import { Http1Transport, type Http1TransportOptions } from "./http1_transport.ts";
import type { WebSocketTransport } from "./transport.ts";

/**
 * The best way to the servers that this runtime has: HTTP/1.1 over its own connections, or `fetch`.
 *
 * @param options What it runs on, and its limits.
 * @throws {BalancerError} `unsupported` if the runtime cannot do what the options say.
 */
export function makeTransport(options: Http1TransportOptions): WebSocketTransport {
  return canDial() ? new Http1Transport(options) : new FetchTransport(options);
}
