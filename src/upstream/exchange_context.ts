import type { DeadlineQueue } from "../runtime/deadlines.ts";
import type { SendOptions } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import type { ResponseHeadParser } from "../http1/response_head.ts";

/** The context that all exchanges with one server share. */
export interface ExchangeContext {
  /** The path of the server's URL, without a slash at the end. */
  readonly basePath: string;
  /** Parses response heads. */
  readonly parser: ResponseHeadParser;
  /** The timeout of the head of a response. */
  readonly responseQueue: DeadlineQueue;
  /** How long content may stall, in either direction. */
  readonly contentQueue: DeadlineQueue;
  /** Makes a connection; throws as {@linkcode dial} does. */
  connect(options: SendOptions): Promise<Connection>;
  /** Returns a connection that can carry another request. */
  release(connection: Connection): void;
}

/** Settings of one exchange. */
export interface ExchangeSettings {
  /** The context of the server. */
  readonly context: ExchangeContext;
  /** Options of this request. */
  readonly options: SendOptions;
  /** Whether the connection has carried a request before. */
  readonly reused: boolean;
  /** Whether the request asks for an upgrade, so that 101 is a final response. Default: false. */
  readonly upgrading?: boolean;
}
