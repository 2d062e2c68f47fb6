/** Stable error codes: safe to compare, unlike messages. */
export type ErrorCode =
  /** Input does not fit the schema; `faults` names every fault. */
  | "invalid"
  /** A server with this URL already exists. */
  | "already_exists"
  /** There is no server with this URL. */
  | "not_found"
  /** The state table has no free slot. */
  | "full"
  /** The server was discovered by a source, and only the source can be changed, or vice versa. */
  | "discovered"
  /** The process has no permission to connect to a server; the message says how to grant it. */
  | "not_permitted"
  /** The runtime cannot do this; the message says what can. */
  | "unsupported"
  /** The balancer was closed. */
  | "closed"
  /** A concurrent change to the server came first; read the server again and retry. */
  | "conflict"
  /** The shared store cannot be reached; nothing was changed. */
  | "unavailable"
  /** A change was sent to the shared store, but it is unknown whether it was applied. */
  | "unconfirmed"
  /** No server can take the request. */
  | "no_server"
  /** Every server is at its connection limit, and the queue is full. */
  | "overloaded"
  /** The request waited too long for a server below its connection limit. */
  | "queue_timeout"
  /** The connection to the server could not be made. */
  | "connect_failed"
  /** The connection to the server could not be made in time. */
  | "connect_timeout"
  /** This process or machine is out of file descriptors or memory. */
  | "out_of_resources"
  /** This machine has no route to the server, or no port left for a connection there. */
  | "no_route"
  /** The server did not respond in time, or stalled in the middle of its response. */
  | "response_timeout"
  /** The server closed the connection before the first byte of its response. */
  | "closed_early"
  /** The server closed or broke the connection in the middle of its response. */
  | "incomplete"
  /** The server's response is not valid HTTP. */
  | "bad_response"
  /** The client disconnected, or its request broke off. */
  | "client_gone"
  /** The client stalled for too long in the middle of its request. */
  | "request_timeout"
  /** The content of the client's request is larger than allowed. */
  | "content_too_large"
  /** The head of the client's request is larger than allowed. */
  | "head_too_large"
  /** The client's request is not valid HTTP, or is of a kind that is not proxied. */
  | "bad_request"
  /** Ballast itself failed; see the error's cause. */
  | "internal";

/** One fault in an input, such as an invalid setting. */
export interface Fault {
  /** Where it is, for example `servers[2].weight`; empty for the input as a whole. */
  readonly path: string;
  /** The invalid value, and what is allowed instead. */
  readonly message: string;
}

/**
 * A Ballast error, with a stable code.
 *
 * @example Handle an error by its code
 * ```ts
 * import { BalancerError, LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * try {
 *   balancer.remove("http://127.0.0.1:3001");
 * } catch (error) {
 *   if (!(error instanceof BalancerError && error.code === "not_found")) throw error;
 * }
 * ```
 */
export class BalancerError extends Error {
  /** A stable code: safe to compare, unlike the message. */
  readonly code: ErrorCode;
  /** The side at fault: the client (`downstream`), a server (`upstream`), or Ballast (`internal`). */
  readonly source: "downstream" | "upstream" | "internal";
  /** Every fault of an `invalid` input; empty for other codes. */
  readonly faults: readonly Fault[];

  /**
   * Creates an error.
   *
   * @param code A stable code.
   * @param message The error message, usually "Cannot <action>: <reason>".
   * @param options The cause, the source (default: `internal`) and the faults (default: none).
   */
  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & Partial<Pick<BalancerError, "source" | "faults">> = {},
  ) {
    super(message, options);
    this.name = "BalancerError";
    this.code = code;
    this.source = options.source ?? "internal";
    this.faults = options.faults ?? [];
  }
}
