import { BalancerError } from "../../model/errors.ts";
import { basePathFault } from "../../http1/base_path.ts";
import type { UpstreamRequest } from "../../http1/message.ts";
import type { SendOptions } from "../transport.ts";
import type { FetchFeatures } from "./fetch_features.ts";

/** `RequestInit` of the Fetch standard; not every runtime has all of its types. */
export interface FetchInit {
  readonly method: string;
  readonly headers: [name: string, value: string][];
  readonly redirect: "manual";
  readonly [name: string]: unknown;
}

/** Methods that every `fetch` sends as they are. */
const SURE_METHODS: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
);

/** A path segment that the URL standard takes away, with the one before it for two dots. */
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:$|\/)/i;

/**
 * The URL to fetch. `fetch` parses it anew, so what that would change into another path is refused;
 * with it, a client could leave the base path of the server.
 *
 * @param serverUrl The server, in canonical form.
 * @param target The request target.
 * @throws {BalancerError} `bad_request` if there is a segment `.` or `..`, or what the server might
 * take for one that leads out of its base path; `unsupported` for `*`, which is in no URL.
 */
export function fetchUrl(serverUrl: string, target: string): string {
  const pathStart = serverUrl.indexOf("/", "https://".length);
  const fault = basePathFault(pathStart === -1 ? "" : serverUrl.slice(pathStart), target);
  if (fault !== undefined) throw fault;
  if (target === "*") {
    throw new BalancerError(
      "unsupported",
      "Cannot send a request for *: this runtime's fetch supports only URLs",
    );
  }
  const question = target.indexOf("?");
  const path = question === -1 ? target : target.slice(0, question);
  // The URL standard takes a backslash for a slash.
  const kept = path.replaceAll("\\", "%5C");
  if (DOT_SEGMENT.test(kept)) {
    throw new BalancerError(
      "bad_request",
      "The request was refused: its path has dot segments, which cannot be forwarded unchanged",
      { source: "downstream" },
    );
  }
  return serverUrl.replace(/\/$/, "") + kept + target.slice(path.length);
}

/**
 * The options for `fetch`, without content and signal.
 *
 * @param request The request.
 * @param options How to send it.
 * @param features The features of the runtime's `fetch`.
 * @throws {BalancerError} `unsupported` if it cannot send a request with this method or content.
 */
export function fetchInit(
  request: UpstreamRequest,
  options: SendOptions,
  features: FetchFeatures,
): FetchInit {
  const { method } = request;
  if (!SURE_METHODS.has(method)) checkMethod(method);
  const headers = requestHeaders(request, features);
  if (options.freshConnection) headers.push(["connection", "close"]);
  return {
    ...features.init,
    ...(options.freshConnection ? features.freshInit : {}),
    method,
    headers,
    // RFC 9110 §15.4: redirects are for the client to follow.
    redirect: "manual",
  };
}

function requestHeaders(
  request: UpstreamRequest,
  { keepsCodings }: FetchFeatures,
): [name: string, value: string][] {
  const headers: [name: string, value: string][] = [];
  for (const [name, value] of request.headers) {
    if (keepsCodings || name !== "accept-encoding") headers.push([name, value]);
  }
  // RFC 9110 §12.5.3. Without it, fetch would ask for what it can decode.
  if (!keepsCodings) headers.push(["accept-encoding", "identity"]);
  return headers;
}

/**
 * RFC 9110 §9.1: methods are case-sensitive, and any token is one. Some runtimes write them in
 * upper case, and Bun (1.4) sends those that it does not know as GET.
 */
function checkMethod(method: string): void {
  let sent: string | undefined;
  try {
    sent = new Request("http://localhost/", { method }).method;
  } catch {
    // CONNECT, TRACE and TRACK are refused by the Fetch standard.
  }
  if (sent === method) return;
  throw new BalancerError(
    "unsupported",
    `Cannot send a request with the method ${method}: this runtime's fetch does not support it`,
  );
}
