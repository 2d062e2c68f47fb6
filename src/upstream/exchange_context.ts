import type { DeadlineQueue } from "../runtime/deadlines.ts";
import type { SendOptions } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import type { ResponseHeadParser } from "../http1/response_head.ts";

/** What all exchanges with one server have in common. */
export interface ExchangeContext {
  /** The path of the server's URL, without a slash at the end. */
  readonly basePath: string;
  /** Reads response heads. */
  readonly parser: ResponseHeadParser;
  /** How long to wait for the head of a response. */
  readonly responseQueue: DeadlineQueue;
  /** How long content may stand still, in either direction. */
  readonly contentQueue: DeadlineQueue;
  /** Makes a connection; see {@linkcode dial} for what it throws. */
  connect(options: SendOptions): Promise<Connection>;
  /** Takes a connection back that can carry another request. */
  release(connection: Connection): void;
}

/** What an exchange shares with others, and what is its own. */
export interface ExchangeSettings {
  /** What all exchanges with the server have in common. */
  readonly context: ExchangeContext;
  /** How this request is to be sent. */
  readonly options: SendOptions;
  /** Whether the connection has carried a request before. */
  readonly reused: boolean;
  /** Whether the request asks for another protocol, so that 101 is an answer. Default: false. */
  readonly upgrading?: boolean;
}
