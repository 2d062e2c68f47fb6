import type { Attributes } from "@opentelemetry/api";
import type { RequestRecord } from "../../proxy/request_record.ts";

/**
 * The methods that OpenTelemetry's semantic conventions know. Anything else is counted together, so
 * that a client cannot make up any number of them.
 */
const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
]);

/** What the span of a request with this method is called. */
export function spanName(method: string): string {
  return KNOWN_METHODS.has(method) ? method : "HTTP";
}

/** The attributes that are known from the start: the method. */
export function methodAttributes(method: string): Attributes {
  if (KNOWN_METHODS.has(method)) return { "http.request.method": method };
  return { "http.request.method": "_OTHER", "http.request.method_original": method };
}

/**
 * The attributes of a request that is over, by OpenTelemetry's semantic conventions for HTTP clients
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), and Ballast's own.
 *
 * @param record What was noted of it.
 * @param target The request target, as it was sent.
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

/** Why a request counts as failed: to a client, every 4xx and 5xx does. Undefined where none. */
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
    // An IPv6 address is an address without its brackets.
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    "server.port": port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    // RFC 9112 §3.2.4: the asterisk is in no URL, it is for the server as a whole.
    "url.full": target === "*" ? url : url + target,
  };
}
