import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import type { BalancerError, ErrorCode } from "../model/errors.ts";
import { PROXY_NAME } from "./headers.ts";

const encoder = new TextEncoder();

/** The `Allow` field of a 405 (RFC 9110 §15.5.6). */
const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

interface ErrorReply {
  readonly status: StatusCode;
  /** Error type in `Proxy-Status` (RFC 9209 §2.3). */
  readonly type: string;
  /** Explanation for the client; empty for the error's own message. */
  readonly detail: string;
  /** Value of `Retry-After`, in seconds (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
}

/** Replies to the client by error code; none reveals where the servers are. */
const ERROR_REPLIES: Partial<Record<ErrorCode, ErrorReply>> = {
  no_server: {
    status: 503,
    type: "destination_unavailable",
    detail: "No server is available.",
  },
  overloaded: {
    status: 503,
    type: "connection_limit_reached",
    detail: "Every server is busy, and the queue is full.",
    retryAfter: 1,
  },
  queue_timeout: {
    status: 503,
    type: "connection_limit_reached",
    detail: "Every server was busy for too long.",
    retryAfter: 1,
  },
  connect_failed: {
    status: 502,
    type: "connection_refused",
    detail: "No server accepted the connection.",
  },
  connect_timeout: {
    status: 504,
    type: "connection_timeout",
    detail: "No server accepted the connection in time.",
  },
  // RFC 9209 has only this unspecific type for it.
  out_of_resources: {
    status: 503,
    type: "proxy_internal_error",
    detail: "The load balancer cannot open more connections.",
    retryAfter: 1,
  },
  no_route: {
    status: 503,
    type: "destination_ip_unroutable",
    detail: "The load balancer currently has no route to a server.",
    retryAfter: 1,
  },
  response_timeout: {
    status: 504,
    type: "http_response_timeout",
    detail: "The server did not respond in time.",
  },
  closed_early: {
    status: 502,
    type: "connection_terminated",
    detail: "The server closed the connection without responding.",
  },
  incomplete: {
    status: 502,
    type: "http_response_incomplete",
    detail: "The server closed the connection in the middle of its response.",
  },
  bad_response: {
    status: 502,
    type: "http_protocol_error",
    detail: "The server's response is not valid HTTP.",
  },
  request_timeout: {
    status: 408,
    type: "http_request_error",
    detail: "The content of the request did not arrive in time.",
  },
  content_too_large: { status: 413, type: "http_request_error", detail: "" },
  head_too_large: { status: 431, type: "http_request_error", detail: "" },
  bad_request: { status: 400, type: "http_request_error", detail: "" },
  client_gone: {
    status: 400,
    type: "http_request_error",
    detail: "The request ended before its content was complete.",
  },
  unsupported: {
    status: 501,
    type: "proxy_configuration_error",
    detail: "The load balancer cannot forward such a request on its runtime.",
  },
  closed: {
    status: 503,
    type: "proxy_configuration_error",
    detail: "The load balancer is shutting down.",
  },
};

const INTERNAL: ErrorReply = {
  status: 500,
  type: "proxy_internal_error",
  detail: "The load balancer failed; see its log for the cause.",
};

/**
 * Makes a local reply: plain text with a Content-Length, which the access log reports.
 *
 * @param status The status.
 * @param message The text, without the line feed at its end.
 * @param headers Further fields.
 */
export function localReply(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>>,
): Response {
  const content = encoder.encode(`${message}\n`);
  return new Response(content, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": String(content.length),
      ...headers,
    },
  });
}

/**
 * The local reply to a request that failed: plain text for people, and `Proxy-Status` (RFC 9209)
 * for programs.
 *
 * @param error Why it failed.
 */
export function errorResponse(error: BalancerError): Response {
  const { status, type, detail, retryAfter } = ERROR_REPLIES[error.code] ?? INTERNAL;
  const message = detail === "" ? error.message : detail;
  return localReply(status, `${status} ${STATUS_TEXT[status]}: ${message}`, {
    "cache-control": "no-store",
    "proxy-status": `${PROXY_NAME}; error=${type}`,
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  });
}

/** The local reply to a method that is not forwarded (RFC 9110 §15.5.6). */
export function methodNotAllowed(): Response {
  const message = "405 Method Not Allowed: CONNECT and TRACE are not forwarded.";
  return localReply(405, message, { "allow": ALLOWED_METHODS });
}
