import { BalancerError } from "../model/errors.ts";
import type { Limits } from "../model/settings.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import { expectDeparture } from "./disconnect_watch.ts";
import { type ClientInfo, ForwardingFields } from "./forwarding.ts";
import { asksForWebSocket, ReceivedFields, upstreamHeaders } from "./headers.ts";
import { contentTooLarge, limitContent } from "./limited_content.ts";
import type { Reception } from "./body_timeout.ts";
import { isAsterisk, isHost } from "./access_log/request_url.ts";
import { isIdempotent } from "./retry_decision.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import type { WebSockets } from "./websockets.ts";

/** What a runtime tells about a request beside the request. `Deno.serve` passes one of these. */
export interface RequestInfo {
  /** The client's address. */
  readonly remoteAddr?: { readonly transport?: string; readonly hostname?: string };
  /** Settles when the response has been delivered, or cannot be any more. */
  readonly completed?: Promise<void>;
}

/** The same, from the balancer's own listener. */
export interface ListenerInfo extends RequestInfo {
  /**
   * Set where the response goes straight to the platform's server, which is done with a piece of
   * content before it asks for the next one. Anything in between might not be.
   */
  readonly direct?: boolean;
  /** The scheme by which the client came: `http` or `https`. */
  readonly scheme?: string;
  /** The listener, as it is at the moment. */
  readonly listener?: {
    /** Whether it is about to close its connections. */
    readonly draining: boolean;
    /** Is told of content that is being received, until this settles. */
    receives(over: Promise<unknown>): void;
  };
  /** Where the WebSockets of that listener live. */
  readonly webSockets?: WebSockets;
}

/** Tells the listener of content that streams: once its response is over, nobody waits for it. */
export function noteUpload(info: ListenerInfo | undefined): void {
  if (info?.completed !== undefined) info.listener?.receives(info.completed);
}

/**
 * The IP address of whoever sent a request; undefined where the platform does not tell. Where IPv6
 * sockets take IPv4 as well, the address comes in IPv6 form (RFC 4291 §2.5.5.2); that is undone.
 */
export function peerAddress(info: RequestInfo | undefined): string | undefined {
  const address = info?.remoteAddr?.hostname;
  return address?.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}

/** By what rules requests are accepted. */
export interface IncomingRules {
  /** How much is accepted. */
  readonly limits: Limits;
  /** The proxies whose forwarding fields are believed, if there are any. */
  readonly trustedProxies: TrustedProxies | undefined;
  /** What takes the content that has to be there first. */
  readonly reception: Reception;
}

/** A request for a server, with what the client wants besides. */
export interface IncomingRequest extends UpstreamRequest {
  /** Whether the client asks for a WebSocket. */
  readonly webSocket: boolean;
}

/**
 * Content up to this length, in bytes, is taken from the client before a server is picked. It is
 * sent with the head in one piece, can be sent again, and a slow client keeps no server waiting.
 */
const SMALL_CONTENT = 65_536;

/** What may stand in a request target (RFC 9112 §3.2); no "#": a fragment has no place there. */
const TARGET = /^\/[!"$-~]*$/;

/**
 * Makes the request for a server out of a client's.
 *
 * @param request What the client sent.
 * @param info Who the client is.
 * @param rules What is accepted, and whose forwarding fields are believed.
 * @returns The request; a promise of it where the client's content has to be looked at first.
 * @throws {BalancerError} `bad_request` for what cannot be passed on as exactly one request,
 * `head_too_large` or `content_too_large`.
 */
export function readIncoming(
  request: Request,
  info: ListenerInfo | undefined,
  { limits, trustedProxies, reception }: IncomingRules,
): IncomingRequest | Promise<IncomingRequest> {
  const { method, url } = request;
  const peer = peerAddress(info);
  const received = new ReceivedFields(
    request.headers,
    trustedProxies?.has(peer) ? new ForwardingFields(trustedProxies) : undefined,
  );
  // RFC 9113 §8.2.2: there is no Connection in HTTP/2, and Deno resets a stream that has one. Of an
  // HTTP/1.1 client that leaves, it tells late listeners as well.
  if (!info?.direct || received.connection === undefined) expectDeparture(request);
  checkHeadSize(method.length + url.length + received.size, limits.requestHead);
  // Taken apart as it was received: `new URL` would resolve ".." and re-encode.
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
  // RFC 9113 §8.3.1: over HTTP/2 the platform puts a path "*" right behind the authority, as if it
  // were a part of it. Only with OPTIONS is there such a path, and then it has a slash before it.
  if (to === url.length && authority.endsWith("*")) throw badRequest("its target is not valid");
  const origin: ClientInfo = {
    clientAddress: peer,
    host: authority,
    // What stands in the URL may be the client's word (RFC 9112 §3.2.2, RFC 9113 §8.3.1).
    scheme: info?.scheme ?? url.slice(0, from - 3),
  };
  const incoming = {
    method,
    target: readTarget(url, to, method),
    headers: upstreamHeaders(received, origin),
    body: null,
    contentLength: undefined,
    replayable: isIdempotent(method),
    webSocket: received.upgrade !== undefined && asksForWebSocket(received),
  };
  const { contentLength: length, chunked } = received;
  // Each access to the body makes a stream of it, so it is left alone where there is nothing in it.
  if (method === "GET" || method === "HEAD") {
    if (!chunked && (length === undefined || length === "0")) return incoming;
    // RFC 9110 §9.3.1: content in a GET has no meaning, and the platform does not hand it out.
    throw badRequest(`content in a ${method} request is not passed on`);
  }
  if (length !== undefined) {
    const contentLength = readLength(length, limits.requestBody);
    // RFC 9110 §8.6: a POST without content says so.
    if (contentLength === 0) {
      const { body } = request;
      if (body === null) return { ...incoming, contentLength };
      return reception.begin(withoutContent(incoming, body));
    }
    if (contentLength > SMALL_CONTENT) {
      return { ...incoming, body: request.body, contentLength, replayable: false };
    }
    return withSmallContent(incoming, contentLength, reception.take(request, contentLength));
  }
  if (request.body === null) return incoming;
  if (chunked) checkCoding(request.headers);
  const content = limits.requestBody === 0
    ? request.body
    : limitContent(request.body, limits.requestBody);
  if (chunked) return { ...incoming, body: content, replayable: false };
  // HTTP/1.1 without either has no content; HTTP/2 needs neither to have some, so ask the stream.
  return reception.begin(peek(incoming, content));
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
  // Servers differ in what they do with a fragment.
  const [whole = ""] = target.split("#", 1);
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(whole)) throw badRequest("its target is not valid");
  // Bytes above 0x7F are not allowed in a target either, but browsers' users type them.
  const encoded = whole.replace(
    /[\u0080-\uffff]+/g,
    (text) => encodeURIComponent(text.toWellFormed()),
  );
  // RFC 9112 §3.2.1: an empty path is sent as "/".
  return encoded.startsWith("/") ? encoded : `/${encoded}`;
}

function checkHost(host: string): void {
  if (!isHost(host)) throw badRequest("its Host is not valid");
}

function checkHeadSize(size: number, limit: number): void {
  if (size <= limit) return;
  const message = `The request was refused: its head is larger than ${limit} bytes`;
  throw new BalancerError("head_too_large", message, { source: "downstream" });
}

/**
 * RFC 9112 §6.1: a coding beside chunked would be dropped on the way, and the server would take the
 * content for what it is not.
 */
function checkCoding(headers: Headers): void {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return;
  throw badRequest("its Transfer-Encoding is not just chunked");
}

function readLength(length: string, limit: number): number {
  const contentLength = Number(length);
  if (!/^[0-9]+$/.test(length) || !Number.isSafeInteger(contentLength)) {
    throw badRequest("its Content-Length is not valid");
  }
  if (limit !== 0 && contentLength > limit) throw contentTooLarge(limit);
  return contentLength;
}

/**
 * RFC 9113 §8.1.1: a request whose content does not have the length that it announces must not be
 * forwarded. The platform checks that for HTTP/1.1 only.
 */
async function withoutContent(
  incoming: IncomingRequest,
  body: ReadableStream<Uint8Array>,
): Promise<IncomingRequest> {
  const peeked = await peek(incoming, body);
  if (peeked.body === null) return peeked;
  throw badRequest("it has content, and a Content-Length of 0");
}

async function withSmallContent(
  incoming: IncomingRequest,
  contentLength: number,
  content: Promise<Uint8Array>,
): Promise<IncomingRequest> {
  let body: Uint8Array;
  try {
    body = await content;
  } catch (cause) {
    throw cause instanceof BalancerError ? cause : brokenOff(cause);
  }
  if (body.length !== contentLength) throw brokenOff();
  return { ...incoming, body, contentLength };
}

async function peek(
  incoming: IncomingRequest,
  body: ReadableStream<Uint8Array>,
): Promise<IncomingRequest> {
  const reader = body.getReader();
  let first: ReadableStreamReadResult<Uint8Array>;
  try {
    // The platform may hand out an empty piece before it says that there is nothing.
    do first = await reader.read(); while (first.value?.length === 0);
  } catch (cause) {
    throw cause instanceof BalancerError ? cause : brokenOff(cause);
  }
  if (first.done) return { ...incoming, contentLength: 0 };
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first.value),
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return { ...incoming, body: stream, replayable: false };
}

function brokenOff(cause?: unknown): BalancerError {
  return new BalancerError("client_gone", "The client broke off its request", {
    source: "downstream",
    cause,
  });
}

function badRequest(why: string): BalancerError {
  return new BalancerError("bad_request", `The request was refused: ${why}`, {
    source: "downstream",
  });
}
