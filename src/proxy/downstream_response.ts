import type { HeaderField } from "../http1/message.ts";
import type { UpstreamResponse } from "../upstream/transport.ts";
import type { ListenerInfo } from "./incoming_request.ts";

/** Keeps a byte order mark: the text must encode to the same bytes again. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Textual media types, whose content is most likely UTF-8 (RFC 9110 §8.3.1). */
const TEXTUAL = /^(?:text\/|application\/(?:[^;]+\+)?(?:json|xml|javascript)\b)/;

/** Statuses for which the platform writes no Content-Length and accepts no stream. */
const NO_LENGTH: ReadonlySet<number> = new Set([204, 205, 304]);

/** The content to forward. RFC 9110 §15.3.6: a 205 has none, and the platform would reject it. */
export function forwardedContent({ status, body }: UpstreamResponse): UpstreamResponse["body"] {
  return status === 205 ? null : body;
}

/**
 * Makes the response to a client from a server's.
 *
 * @param upstream The server's response. Content in one piece is copied.
 * @param onRead Called once when streamed content has been read to its end, has failed or is
 * canceled. Default: no callback.
 */
export function downstreamResponse(upstream: UpstreamResponse, onRead?: () => void): Response {
  const { status, headers } = upstream;
  const body = forwardedContent(upstream);
  if (body instanceof Uint8Array) return wholeResponse(body, status, headers);
  const response = new Response(contentFor(upstream, body, onRead), { status });
  // Cheaper than passing the fields to the constructor, which iterates over them.
  for (const [name, value] of headers) response.headers.append(name, value);
  const { contentLength } = upstream;
  // RFC 9110 §8.6: no Content-Length in a 204. In a 205, it could announce content.
  if (contentLength !== undefined && status !== 204 && status !== 205) {
    response.headers.append("content-length", String(contentLength));
  }
  return response;
}

/** The content for the platform, which decides how the platform writes the head. */
function contentFor(
  { status, contentLength }: UpstreamResponse,
  body: ReadableStream<Uint8Array> | null,
  onRead: (() => void) | undefined,
): ReadableStream<Uint8Array> | null {
  if (body !== null) return onRead === undefined ? body : onceRead(body, onRead);
  // RFC 9110 §9.3.2, §8.6: the response to a HEAD has the Content-Length of a GET, or none. Without
  // content, the platform would write 0; with a stream, it writes none.
  if (contentLength !== undefined || NO_LENGTH.has(status)) return null;
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** A response with content in one piece, whose length the platform writes. */
function wholeResponse(
  body: Uint8Array<ArrayBuffer>,
  status: number,
  headers: readonly HeaderField[],
): Response {
  const text = isTextual(headers) ? asText(body) : undefined;
  const response = new Response(text ?? body, { status });
  for (const [name, value] of headers) {
    // For text, the platform has set its own content type.
    if (text !== undefined && name === "content-type") response.headers.set(name, value);
    else response.headers.append(name, value);
  }
  return response;
}

/** Whether the fields declare textual content without a content coding. */
function isTextual(headers: readonly HeaderField[]): boolean {
  let textual = false;
  for (const [name, value] of headers) {
    if (name === "content-encoding") return false;
    if (name === "content-type") textual = TEXTUAL.test(value);
  }
  return textual;
}

/**
 * The content as a string that encodes to the same bytes; undefined if it is not UTF-8. The
 * platform copies bytes to memory from the operating system's allocator, which costs several times
 * as much as a string.
 */
function asText(body: Uint8Array): string | undefined {
  const text = decoder.decode(body);
  // The decoder replaces invalid UTF-8 with this character.
  return text.includes("\ufffd") ? undefined : text;
}

/**
 * Makes a stream with the same content that reports its end.
 *
 * @param stream The stream, which is locked from now on.
 * @param callback Called once when the stream has been read to its end, has failed or is canceled.
 */
function onceRead(
  stream: ReadableStream<Uint8Array>,
  callback: () => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        callback();
        controller.close();
      } catch (error) {
        callback();
        controller.error(error);
      }
    },
    cancel: async (reason) => {
      callback();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}

/**
 * Announces that the connection will be closed if the listener is draining (RFC 9112 §9.6). Over
 * HTTP/2, the platform leaves the field out (RFC 9113 §8.2.2).
 */
export function closeIfDraining(response: Response, info: ListenerInfo | undefined): Response {
  if (info?.listener?.draining) response.headers.set("connection", "close");
  return response;
}
