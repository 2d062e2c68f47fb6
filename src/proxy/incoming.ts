import { BalancerError } from "../model/errors.ts";
import type { Limits } from "../model/settings.ts";
import { expectDisconnect } from "./disconnect_watch.ts";
import { type ClientInfo, ForwardingFields } from "./forwarding.ts";
import { asksForWebSocket, ReceivedFields, upstreamHeaders } from "./headers.ts";
import type { BodyTimeout } from "./body_timeout.ts";
import {
  badRequest,
  checkCoding,
  limitContent,
  peekContent,
  readLength,
  takeEmptyContent,
  takeSmallContent,
} from "./request_content.ts";
import { type IncomingRequest, type ListenerInfo, peerAddress } from "./incoming_request.ts";
import { isAsterisk, isHostField } from "../http1/request_url.ts";
import { isIdempotent } from "./retry_decision.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";

/** Rules for accepting requests. */
export interface IncomingRules {
  /** Limits on size. */
  readonly limits: Limits;
  /** Proxies whose forwarding fields are trusted, if any. */
  readonly trustedProxies: TrustedProxies | undefined;
  /** Time limit for content that has to arrive before the request is forwarded. */
  readonly bodyTimeout: BodyTimeout;
}

/**
 * Content up to this length, in bytes, is read from the client before a server is picked. It is
 * sent in one piece with the head, can be sent again, and a slow client occupies no server.
 */
const SMALL_CONTENT = 65_536;

/** A valid request target (RFC 9112 §3.2); it has no fragment, hence no "#". */
const TARGET = /^\/[!"$-~]*$/;

/**
 * Turns a client's request into one for a server.
 *
 * @param request The client's request.
 * @param info The client and its listener.
 * @param rules Limits and trusted proxies.
 * @returns The request; a promise of it if its content has to be read first.
 * @throws {BalancerError} `bad_request` if it cannot be forwarded as exactly one request,
 * `head_too_large` or `content_too_large`.
 */
export function readIncoming(
  request: Request,
  info: ListenerInfo | undefined,
  { limits, trustedProxies, bodyTimeout }: IncomingRules,
): IncomingRequest | Promise<IncomingRequest> {
  const { method, url } = request;
  const peer = peerAddress(info);
  const received = new ReceivedFields(
    request.headers,
    trustedProxies?.has(peer) ? new ForwardingFields(trustedProxies) : undefined,
  );
  // RFC 9113 §8.2.2: HTTP/2 has no Connection field, and Deno resets streams with one. For
  // HTTP/1.1, Deno notifies late listeners of a disconnect anyway.
  if (!info?.direct || received.connection === undefined) expectDisconnect(request);
  checkHeadSize(method.length + url.length + received.size, limits.requestHead);
  // Split by hand: `new URL` would resolve ".." and re-encode the target.
  const from = url.indexOf("://") + 3;
  const host = received.host;
  const to =
    host !== undefined && url.startsWith(host, from) && isTargetStart(url, from + host.length)
      ? from + host.length
      : authorityEnd(url, from);
  // RFC 9112 §3.2.2: the authority of an absolute-form target overrides the Host field. Where the
  // target is in origin form, the runtime has put the Host field into the URL.
  const authority = url.slice(from, to);
  checkHost(authority);
  if (host !== undefined && host !== authority) checkHost(host);
  // RFC 9113 §8.3.1: over HTTP/2, the platform appends a path "*" to the authority as if it were
  // part of it. Such a path is valid with OPTIONS only, and then it follows a slash.
  if (to === url.length && authority.endsWith("*")) throw badRequest("its target is not valid");
  const client: ClientInfo = {
    clientAddress: peer,
    host: authority,
    // The scheme in the URL may come from the client (RFC 9112 §3.2.2, RFC 9113 §8.3.1).
    scheme: info?.scheme ?? url.slice(0, from - 3),
  };
  const incoming = {
    method,
    target: readTarget(url, to, method),
    headers: upstreamHeaders(received, client),
    body: null,
    contentLength: undefined,
    replayable: isIdempotent(method),
    webSocket: received.upgrade !== undefined && asksForWebSocket(received),
  };
  const { contentLength: length, chunked } = received;
  // Reading the property creates a stream, so avoid it if there is no content.
  if (method === "GET" || method === "HEAD") {
    if (!chunked && (length === undefined || length === "0")) return incoming;
    // RFC 9110 §9.3.1: content in a GET has no meaning, and the platform does not expose it.
    throw badRequest(`content in a ${method} request is not forwarded`);
  }
  if (length !== undefined) {
    const contentLength = readLength(length, limits.requestBody);
    // RFC 9110 §8.6: a POST without content has a Content-Length of 0.
    if (contentLength === 0) {
      const { body } = request;
      if (body === null) return { ...incoming, contentLength };
      return bodyTimeout.begin(takeEmptyContent(incoming, body));
    }
    if (contentLength > SMALL_CONTENT) {
      return { ...incoming, body: request.body, contentLength, replayable: false };
    }
    return takeSmallContent(incoming, contentLength, bodyTimeout.take(request, contentLength));
  }
  if (request.body === null) return incoming;
  if (chunked) checkCoding(request.headers);
  const content = limits.requestBody === 0
    ? request.body
    : limitContent(request.body, limits.requestBody);
  if (chunked) return { ...incoming, body: content, replayable: false };
  // HTTP/1.1 needs either to have content. HTTP/2 needs neither, so read the stream to find out.
  return bodyTimeout.begin(peekContent(incoming, content));
}

function isTargetStart(url: string, at: number): boolean {
  return at === url.length || "/?#".includes(url[at]!);
}

function authorityEnd(url: string, from: number): number {
  let to = from;
  while (!isTargetStart(url, to)) to++;
  return to;
}

function readTarget(url: string, from: number, method: string): string {
  const target = url.slice(from);
  if (isAsterisk(method, target)) return "*";
  if (TARGET.test(target)) return target;
  // The fragment is dropped, as servers disagree on how to treat one.
  const [whole = ""] = target.split("#", 1);
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(whole)) throw badRequest("its target is not valid");
  // Bytes above 0x7F are not allowed in a target either, but users type them.
  const encoded = whole.replace(
    /[\u0080-\uffff]+/g,
    (text) => encodeURIComponent(text.toWellFormed()),
  );
  // RFC 9112 §3.2.1: an empty path is sent as "/".
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
}

function checkHost(host: string): void {
  if (!isHostField(host)) throw badRequest("its Host is not valid");
}

function checkHeadSize(size: number, limit: number): void {
  if (size <= limit) return;
  const message = `The request was refused: its head is larger than ${limit} bytes`;
  throw new BalancerError("head_too_large", message, { source: "downstream" });
}
