/** The result that the client must see. */
export type Expected =
  /** An error of the balancer's own, told by its type in `Proxy-Status`. */
  | { readonly error: 502 | 504; readonly type: string }
  /** A response that is complete. */
  | { readonly status: number; readonly body: string }
  /** A response that begins, and whose connection ends before its framing says so. */
  | { readonly status: number; readonly broken: string };

/** A server that answers one request with exactly these bytes. */
export interface Script {
  /** The kind of hostility. */
  readonly name: string;
  /** The bytes that it sends, one per character. */
  readonly bytes: string;
  /** The result that the client must see. */
  readonly expected: Expected;
  /** The method of the request. Default: GET. */
  readonly method?: string;
  /** Whether each byte is sent by itself. Default: false. */
  readonly bytewise?: boolean;
  /**
   * Its next action: closes, resets the connection, or holds it open until the balancer closes
   * it. Default: "close".
   */
  readonly then?: "close" | "reset" | "hold";
  /** The bytes that it sends once the client has its response; needs "hold". Default: none. */
  readonly late?: string;
  /** The bytes that it repeats slowly until the connection ends. Default: none. */
  readonly drip?: string;
  /** Whether the connection may carry the next request; needs "hold". Default: false. */
  readonly reusable?: boolean;
}

/** A head that is as it should be, up to its fields. */
export const OK = "HTTP/1.1 200 OK\r\n";
/** The head of a response in chunks. */
export const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** The server's answer is no HTTP. */
export const BAD: Expected = { error: 502, type: "http_protocol_error" };
/** The server's answer ended before its head did. */
export const INCOMPLETE: Expected = { error: 502, type: "http_response_incomplete" };
/** There was no answer. */
export const NOTHING: Expected = { error: 502, type: "connection_terminated" };
/** The server was silent for too long. */
export const LATE: Expected = { error: 504, type: "http_response_timeout" };

/** A response with status 200 that arrives whole. */
export function whole(body: string, status = 200): Expected {
  return { status, body };
}

/** A response with status 200 of which this much arrives before it breaks off. */
export function broken(prefix: string, status = 200): Expected {
  return { status, broken: prefix };
}

/**
 * Scripts that hold the connection open: it has to be the balancer that closes it.
 *
 * @param expected The result that the client must see for each.
 * @param answers The bytes by their names.
 */
export function holding(expected: Expected, answers: Readonly<Record<string, string>>): Script[] {
  return Object.entries(answers).map(([name, bytes]) => ({ name, bytes, expected, then: "hold" }));
}
