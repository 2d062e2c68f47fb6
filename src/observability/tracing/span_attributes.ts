import type { Attributes } from "@opentelemetry/api";
import type { RequestRecord } from "../../proxy/request_record.ts";

/**
 * Methods known to OpenTelemetry's semantic conventions. All others share one name, so that clients
 * cannot create any number of them.
 */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
]);

/** Name of the span of a request with this method. */
export function spanName(method: string): string {
  return KNOWN_METHODS.has(method) ? method : "HTTP";
}

/** Attributes known at the start of the span: the method. */
export function methodAttributes(method: string): Attributes {
  if (KNOWN_METHODS.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", "http.request.method_original": method };
}

/**
 * Attributes of a request that is over, according to OpenTelemetry's semantic conventions for HTTP
 * clients (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), and Ballast's own.
 *
 * @param record The record of the request.
 * @param target The request target, as sent to the server.
 */
export function resultAttributes(record: RequestRecord, target: string): Attributes {
  const { attempts, server } = record;
  const error = errorType(record);
  return {
    "ballast.attempts": attempts,
    ...(attempts > 1 ? { "http.request.resend_count": attempts - 1 } : {}),
    ...(server === undefined ? {} : serverAttributes(server, target)),
    ...(record.answered ? { "http.response.status_code": record.status } : {}),
    ...(error === undefined ? {} : { "error.type": error }),
  };
}

/** Why a request failed, undefined if it did not: for a client span, 4xx and 5xx are failures. */
export function errorType({ failure, status }: RequestRecord): string | undefined {
  return failure ?? (status >= 400 ? String(status) : undefined);
}

function serverAttributes(
  { url, name }: { url: string; name: string },
  target: string,
): Attributes {
  const { protocol, hostname, port } = new URL(url);
  return {
    "ballast.server.name": name,
    // IPv6 addresses without brackets.
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    // RFC 9112 §3.2.4: the asterisk means the server as a whole, and is not part of a URL.
    "url.full": target === "*" ? url : url + target,
  };
}
