import type { HeaderField } from "../http1/message.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import type { ListenerInfo } from "./incoming.ts";
import { onceRead } from "./once_read.ts";

/** Takes a byte order mark for what it is: the text has to become the same bytes again. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Media types whose content is text, most likely in UTF-8 (RFC 9110 §8.3.1). */
const TEXTUAL = /^(?:text\/|application\/(?:[^;]+\+)?(?:json|xml|javascript)\b)/;

/** Statuses with which the platform writes no Content-Length, and takes no stream. */
const NO_LENGTH: ReadonlySet<number> = new Set([204, 205, 304]);

/** The content that is passed on: RFC 9110 §15.3.6, none in a 205, which the platform refuses. */
export function passedContent({ status, body }: UpstreamResponse): UpstreamResponse["body"] {
  return status === 205 ? null : body;
}

/**
 * The response to a client, made of a server's.
 *
 * @param upstream What the server answered. Content in one piece is copied.
 * @param onRead Called once when content that streams has been read to its end, has failed or is
 * given up. Default: nothing.
 */
export function downstreamResponse(upstream: UpstreamResponse, onRead?: () => void): Response {
  const { status, headers } = upstream;
  const body = passedContent(upstream);
  if (body instanceof Uint8Array) return wholeResponse(body, status, headers);
  const response = new Response(contentFor(upstream, body, onRead), { status });
  // Cheaper than fields in the constructor, which takes them through iterators.
  for (const [name, value] of headers) response.headers.append(name, value);
  const { contentLength } = upstream;
  // RFC 9110 §8.6: no Content-Length in a 204. In a 205 it could announce content.
  if (contentLength !== undefined && status !== 204 && status !== 205) {
    response.headers.append("content-length", String(contentLength));
  }
  return response;
}

/** What the platform is given for content, and goes by when it writes the head. */
function contentFor(
  { status, contentLength }: UpstreamResponse,
  body: ReadableStream<Uint8Array> | null,
  onRead: (() => void) | undefined,
): ReadableStream<Uint8Array> | null {
  if (body !== null) return onRead === undefined ? body : onceRead(body, onRead);
  // RFC 9110 §9.3.2, §8.6: the response to a HEAD has no other Content-Length than that to a GET.
  // Where no content is given, the platform writes one of 0; of a stream it does not know it.
  if (contentLength !== undefined || NO_LENGTH.has(status)) return null;
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** The response with content in one piece, whose length the platform writes. */
function wholeResponse(
  body: Uint8Array<ArrayBuffer>,
  status: number,
  headers: readonly HeaderField[],
): Response {
  const text = isTextual(headers) ? asText(body) : undefined;
  const response = new Response(text ?? body, { status });
  for (const [name, value] of headers) {
    // The platform has put a type of its own there for a text.
    if (text !== undefined && name === "content-type") response.headers.set(name, value);
    else response.headers.append(name, value);
  }
  return response;
}

/** Whether the content is said to be text, and just that. */
function isTextual(headers: readonly HeaderField[]): boolean {
  let textual = false;
  for (const [name, value] of headers) {
    if (name === "content-encoding") return false;
    if (name === "content-type") textual = TEXTUAL.test(value);
  }
  return textual;
}

/**
 * The content as a text that is encoded to the same bytes again; undefined where it is none. The
 * platform copies bytes into memory from the operating system's allocator, which costs several
 * times what a string does.
 */
function asText(body: Uint8Array): string | undefined {
  const text = decoder.decode(body);
  // What is not UTF-8 became replacement characters.
  return text.includes("\ufffd") ? undefined : text;
}

/**
 * Says that the connection is about to be closed, where it is (RFC 9112 §9.6). Over HTTP/2 the
 * platform leaves the field out, as RFC 9113 §8.2.2 wants it.
 */
export function lastOnConnection(response: Response, info: ListenerInfo | undefined): Response {
  if (info?.listener?.draining) response.headers.set("connection", "close");
  return response;
}
