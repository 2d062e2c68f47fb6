import { BalancerError } from "../core/errors.ts";
import type { UpstreamRequest } from "../transport/transport.ts";
import { type Origin, upstreamHeaders } from "./headers.ts";
import { isIdempotent } from "./retry.ts";

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
}

/** The methods that an error for a refused one names (RFC 9110 §15.5.6). */
export const ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** What may stand in a Host: no user name, path, space or control (RFC 3986 §3.2.2, §3.2.3). */
const HOST = /^[A-Za-z0-9._~!$&'()*+,;=%:\[\]-]+$/;

/**
 * Makes the request for a server out of a client's.
 *
 * @param request What the client sent.
 * @param info Who the client is.
 * @throws {BalancerError} `bad_request` for what cannot be passed on as exactly one request.
 */
export async function readIncoming(
  request: Request,
  info: RequestInfo | undefined,
): Promise<UpstreamRequest> {
  const { scheme, authority, target } = splitUrl(request.url);
  checkHost(request.headers.get("host") ?? authority);
  // RFC 9112 §3.2.2: the authority of an absolute-form target overrides the Host field. Where the
  // target is in origin form, the runtime has put the Host field into the URL.
  checkHost(authority);
  const origin: Origin = { clientAddress: info?.remoteAddr?.hostname, host: authority, scheme };
  const { body, contentLength } = await readContent(request);
  return {
    method: request.method,
    target,
    headers: upstreamHeaders(request.headers, origin),
    body,
    contentLength,
    replayable: body === null && isIdempotent(request.method),
  };
}

/** Takes a URL apart as it was received: `new URL` would resolve `..` and re-encode. */
function splitUrl(url: string): { scheme: string; authority: string; target: string } {
  const schemeEnd = url.indexOf("://");
  const from = schemeEnd + 3;
  const length = url.slice(from).search(/[/?#]/);
  const to = length === -1 ? url.length : from + length;
  // A fragment has no place in a request target (RFC 9112 §3.2); servers differ in what they do.
  const hash = url.indexOf("#", to);
  let target = url.slice(to, hash === -1 ? url.length : hash);
  // RFC 9112 §3.2.1: an empty path is sent as "/".
  if (!target.startsWith("/")) target = `/${target}`;
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u0020\u007f]/.test(target)) throw badRequest("its target is not valid");
  // Bytes above 0x7F are not allowed in a target either, but browsers' users type them.
  target = target.replace(/[\u0080-\uffff]+/g, encodeURIComponentSafely);
  return { scheme: url.slice(0, schemeEnd), authority: url.slice(from, to), target };
}

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function checkHost(host: string): void {
  if (!HOST.test(host)) throw badRequest("its Host is not valid");
}

/** The content with its length, if it is known (RFC 9112 §6.3). */
async function readContent(
  request: Request,
): Promise<{ body: ReadableStream<Uint8Array> | null; contentLength: number | undefined }> {
  const length = request.headers.get("content-length");
  const chunked = request.headers.has("transfer-encoding");
  const { body } = request;
  if (body === null) {
    if (chunked || (length !== null && length !== "0")) {
      // RFC 9110 §9.3.1: content in a GET has no meaning, and the platform does not hand it out.
      throw badRequest(`content in a ${request.method} request is not passed on`);
    }
    return { body: null, contentLength: undefined };
  }
  if (length !== null) {
    const contentLength = Number(length);
    if (!/^[0-9]+$/.test(length) || !Number.isSafeInteger(contentLength)) {
      throw badRequest("its Content-Length is not valid");
    }
    // RFC 9110 §8.6: a POST without content says so.
    if (contentLength === 0) return { body: null, contentLength: 0 };
    return { body, contentLength };
  }
  if (chunked) return { body, contentLength: undefined };
  // HTTP/1.1 without either has no content; HTTP/2 needs neither to have some, so ask the stream.
  return await peek(body);
}

async function peek(
  body: ReadableStream<Uint8Array>,
): Promise<{ body: ReadableStream<Uint8Array> | null; contentLength: number | undefined }> {
  const reader = body.getReader();
  let first: ReadableStreamReadResult<Uint8Array>;
  try {
    // The platform may hand out an empty piece before it says that there is nothing.
    do first = await reader.read(); while (first.value?.length === 0);
  } catch (cause) {
    throw new BalancerError("client_gone", "The client broke off its request", {
      source: "downstream",
      cause,
    });
  }
  if (first.done) return { body: null, contentLength: 0 };
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first.value),
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return { body: stream, contentLength: undefined };
}

function badRequest(why: string): BalancerError {
  return new BalancerError("bad_request", `The request was refused: ${why}`, {
    source: "downstream",
  });
}
