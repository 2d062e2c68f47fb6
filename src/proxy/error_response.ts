import { STATUS_TEXT, type StatusCode } from "@std/http/status";
import type { BalancerError, ErrorCode } from "../model/errors.ts";
import { PROXY_NAME } from "./headers.ts";
import { localReply } from "./local_reply.ts";

/** The methods that an error for a refused one names (RFC 9110 §15.5.6). */
const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

interface Answer {
  readonly status: StatusCode;
  /** The error type by which `Proxy-Status` names it (RFC 9209 §2.3). */
  readonly type: string;
  readonly detail: string;
  /** After how many seconds it is worth to try again (RFC 9110 §10.2.3). */
  readonly retryAfter?: number;
}

/** What a client is told; nothing in it says where the servers are. */
const ANSWERS: Partial<Record<ErrorCode, Answer>> = {
  no_server: {
    status: 503,
    type: "destination_unavailable",
    detail: "There is no server that takes requests.",
  },
  overloaded: {
    status: 503,
    type: "connection_limit_reached",
    detail: "Every server is busy, and too many requests wait already.",
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
  // RFC 9209 has no type for it but the one that leaves everything open.
  out_of_resources: {
    status: 503,
    type: "proxy_internal_error",
    detail: "The load balancer cannot open more connections.",
    retryAfter: 1,
  },
  no_route: {
    status: 503,
    type: "destination_ip_unroutable",
    detail: "The load balancer has no way to a server at present.",
    retryAfter: 1,
  },
  response_timeout: {
    status: 504,
    type: "http_response_timeout",
    detail: "The server did not answer in time.",
  },
  closed_early: {
    status: 502,
    type: "connection_terminated",
    detail: "The server closed the connection without an answer.",
  },
  incomplete: {
    status: 502,
    type: "http_response_incomplete",
    detail: "The server closed the connection in the middle of its answer.",
  },
  bad_response: {
    status: 502,
    type: "http_protocol_error",
    detail: "The server's answer is not valid HTTP.",
  },
  request_timeout: {
    status: 408,
    type: "http_request_error",
    detail: "The request stood still for too long before its content was complete.",
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
    detail: "The runtime that the load balancer is on cannot pass such a request on.",
  },
  closed: {
    status: 503,
    type: "proxy_configuration_error",
    detail: "The load balancer is shutting down.",
  },
};

const INTERNAL: Answer = {
  status: 500,
  type: "proxy_internal_error",
  detail: "The load balancer failed; its log says how.",
};

/**
 * The response for a request that no server answered: plain text for people, `Proxy-Status`
 * (RFC 9209) for programs.
 *
 * @param error Why there is no answer.
 */
export function errorResponse(error: BalancerError): Response {
  const { status, type, detail, retryAfter } = ANSWERS[error.code] ?? INTERNAL;
  // What is wrong with a request is the client's to know.
  const message = detail === "" ? error.message : detail;
  return localReply(status, `${status} ${STATUS_TEXT[status]}: ${message}`, {
    "cache-control": "no-store",
    "proxy-status": `${PROXY_NAME}; error=${type}`,
    ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
  });
}

/** The response for a method that is not passed on (RFC 9110 §15.5.6). */
export function methodRefused(): Response {
  const message = "405 Method Not Allowed: CONNECT and TRACE are not passed on.";
  return localReply(405, message, { "allow": ALLOWED_METHODS });
}
