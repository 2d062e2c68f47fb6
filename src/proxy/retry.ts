import type { BalancerError } from "../core/errors.ts";
import type { UpstreamRequest } from "../transport/transport.ts";

/** How many servers one request is given to at most. */
export const TRIES_MAX = 3;

/** The methods that do the same done twice as done once (RFC 9110 §9.2.2), TRACE aside. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Whether a request with this method may be sent twice (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/**
 * Whether a request that failed may go to another server.
 *
 * A server that could not be connected to has seen nothing of it. One that closed the connection
 * before the first byte of a response may have worked on it, so only what can be done twice, and
 * whose content can be sent twice, goes on. Everything else is final: the response may have begun.
 *
 * @param error Why it failed.
 * @param tries How many servers it was given to.
 * @param request The request.
 */
export function mayTryAgain(
  error: BalancerError,
  tries: number,
  request: UpstreamRequest,
): boolean {
  if (tries >= TRIES_MAX) return false;
  switch (error.code) {
    case "connect_failed":
    case "connect_timeout":
      return true;
    case "closed_early":
      return request.replayable;
    default:
      return false;
  }
}
