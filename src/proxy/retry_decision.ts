import type { BalancerError } from "../model/errors.ts";
import type { UpstreamRequest } from "../http1/message.ts";

/** Idempotent methods (RFC 9110 §9.2.2) except TRACE. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether requests with this method may be repeated (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** The part of a request that decides whether it may be retried. */
export type RetriedRequest = Pick<UpstreamRequest, "replayable">;

/** Retry decision: no further attempt, or one that does not or does count against the budget. */
export type RetryDecision = "none" | "redispatch" | "retry";

/**
 * Decides whether a failed attempt may be repeated on another server.
 *
 * If no connection could be made, the server has seen nothing of the request, and it is
 * redispatched. A server that closed the connection, broke off in the middle of a response of which
 * the client has seen nothing yet, or stayed silent may have processed the request: it is retried
 * only if it is idempotent and its content can be sent again (RFC 9110 §9.2.2; nginx's
 * `proxy_next_upstream error timeout`). Every other failure is final, also when this machine cannot
 * open connections at all.
 *
 * @param error The failure.
 * @param request The request.
 */
export function decideRetry(error: BalancerError, request: RetriedRequest): RetryDecision {
  switch (error.code) {
    case "connect_failed":
    case "connect_timeout":
    case "no_route":
      return "redispatch";
    case "closed_early":
    case "incomplete":
    case "response_timeout":
      return request.replayable ? "retry" : "none";
    default:
      return "none";
  }
}
