import type { BalancerError } from "../model/errors.ts";
import type { UpstreamRequest } from "../http1/message.ts";

/** The methods that do the same done twice as done once (RFC 9110 §9.2.2), TRACE aside. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether a request with this method may be sent twice (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** What decides whether a request may be sent twice. */
export type RetriedRequest = Pick<UpstreamRequest, "replayable">;

/** What may be done about a request that failed: nothing, or to give it to another server. */
export type RetryDecision = "none" | "redispatch" | "retry";

/**
 * Whether a request that failed may go to another server.
 *
 * A server that could not be connected to has seen nothing of it: it is redispatched, unless this
 * balancer could not connect to any. One that
 * closed the connection, broke off in the middle of an answer of which the client has not seen
 * anything yet, or was silent may have worked on it, so only what can be done twice, and whose
 * content can be sent twice, is tried again (RFC 9110 §9.2.2; nginx's `proxy_next_upstream error
 * timeout`). Everything else is final.
 *
 * @param error Why it failed.
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
