/** What can go wrong, as a stable code: safe to compare, unlike a message. */
export type ErrorCode =
  /** Input does not fit the schema; `faults` names every fault. */
  | "invalid"
  /** A server with this URL is there already. */
  | "already_exists"
  /** There is no server with this URL. */
  | "not_found"
  /** The state table has no free slot. */
  | "full"
  /** The server was found by an entry, and only the entry can be changed, or the other way round. */
  | "discovered"
  /** The process has no permission to connect to a server; the message says how to give it. */
  | "not_permitted"
  /** The runtime cannot do it; the message says how it could. */
  | "unsupported"
  /** The balancer was closed. */
  | "closed"
  /** Somebody else changed the server at the same moment; see what it is now, and decide again. */
  | "conflict"
  /** What keeps the servers for several balancers cannot be reached; nothing has changed. */
  | "unavailable"
  /** A change was sent to what keeps the servers, and whether it was taken is not known. */
  | "unconfirmed"
  /** No server can take the request. */
  | "no_server"
  /** Every server works on as many requests as it may, and too many wait already. */
  | "overloaded"
  /** The request waited for too long for a server that may take it. */
  | "queue_timeout"
  /** The connection to the server could not be made. */
  | "connect_failed"
  /** The connection to the server could not be made in time. */
  | "connect_timeout"
  /** This process or machine is out of file descriptors or memory, so it cannot connect anywhere. */
  | "out_of_resources"
  /** This machine has no route to the server, or no port left for a connection there. */
  | "no_route"
  /** The server did not answer, or stopped in the middle of an answer, for too long. */
  | "response_timeout"
  /** The server closed the connection before the first byte of its response. */
  | "closed_early"
  /** The server closed or broke the connection in the middle of its response. */
  | "incomplete"
  /** The server's response breaks HTTP. */
  | "bad_response"
  /** The client left, or its request broke off. */
  | "client_gone"
  /** The client was silent for too long in the middle of its request. */
  | "request_timeout"
  /** The content of the client's request is larger than allowed. */
  | "content_too_large"
  /** The head of the client's request is larger than allowed. */
  | "head_too_large"
  /** The client's request breaks HTTP or asks for something that is not passed on. */
  | "bad_request"
  /** Ballast itself failed; the cause says how. */
  | "internal";

/** Who is at fault: the client (`downstream`), a server (`upstream`), or Ballast (`internal`). */
export type ErrorSource = "downstream" | "upstream" | "internal";

/** One fault in a piece of input. */
export interface Fault {
  /** Where it is, for example `servers[2].weight`; empty for the input as a whole. */
  readonly path: string;
  /** What is wrong: the value that was found, and what is allowed. */
  readonly message: string;
}

/** What a {@linkcode BalancerError} carries beside its message. */
export interface BalancerErrorOptions extends ErrorOptions {
  /** Who is at fault. Default: `internal`. */
  source?: ErrorSource;
  /** Every fault of an `invalid` input. Default: none. */
  faults?: readonly Fault[];
}

/**
 * The error that Ballast throws.
 *
 * @example Tell one error from another by its code
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
  /** Who is at fault. */
  readonly source: ErrorSource;
  /** Every fault of an `invalid` input; empty for other codes. */
  readonly faults: readonly Fault[];

  /**
   * Makes an error.
   *
   * @param code A stable code.
   * @param message What happened, to what, and why: "Cannot <do> <what>: <why>".
   * @param options Source, faults and cause.
   */
  constructor(code: ErrorCode, message: string, options: BalancerErrorOptions = {}) {
    super(message, options);
    this.name = "BalancerError";
    this.code = code;
    this.source = options.source ?? "internal";
    this.faults = options.faults ?? [];
  }
}
