import { BalancerError } from "../model/errors.ts";
import type { IncomingRequest } from "./incoming_request.ts";

/**
 * Checks the Transfer-Encoding of a request.
 *
 * @param headers The fields of the request.
 * @throws {BalancerError} `bad_request` for codings other than chunked (RFC 9112 §6.1): forwarding
 * would drop them, and the server would misread the content.
 */
export function checkCoding(headers: Headers): void {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return;
  throw badRequest("its Transfer-Encoding is not just chunked");
}

/**
 * Parses a Content-Length.
 *
 * @param length The value of the field.
 * @param limit The largest length accepted, in bytes; 0 for no limit.
 * @throws {BalancerError} `bad_request` or `content_too_large`.
 */
export function readLength(length: string, limit: number): number {
  const contentLength = Number(length);
  if (!/^[0-9]+$/.test(length) || !Number.isSafeInteger(contentLength)) {
    throw badRequest("its Content-Length is not valid");
  }
  if (limit !== 0 && contentLength > limit) throw contentTooLarge(limit);
  return contentLength;
}

/**
 * Makes sure that a request with a Content-Length of 0 has no content. RFC 9113 §8.1.1: a request
 * whose content does not match its announced length must not be forwarded. The platform checks that
 * for HTTP/1.1 only.
 */
export async function takeEmptyContent(
  incoming: IncomingRequest,
  body: ReadableStream<Uint8Array>,
): Promise<IncomingRequest> {
  const peeked = await peekContent(incoming, body);
  if (peeked.body === null) return peeked;
  throw badRequest("it has content, and a Content-Length of 0");
}

/** Adds content that has been read in one piece, if it has the announced length. */
export async function takeSmallContent(
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

/** Reads the first piece of a stream to find out whether there is content, and adds the stream. */
export async function peekContent(
  incoming: IncomingRequest,
  body: ReadableStream<Uint8Array>,
): Promise<IncomingRequest> {
  const reader = body.getReader();
  let first: ReadableStreamReadResult<Uint8Array>;
  try {
    // The platform may yield an empty piece before the end of an empty stream.
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

/**
 * Makes a stream with the same content that fails once there is more of it than allowed.
 *
 * @param stream The content, which is locked from now on.
 * @param limit The largest length accepted, in bytes.
 */
export function limitContent(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let size = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      size += value.length;
      if (size <= limit) return controller.enqueue(value);
      const error = contentTooLarge(limit);
      controller.error(error);
      await reader.cancel(error);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** The error for a request that cannot be forwarded as exactly one request. */
export function badRequest(why: string): BalancerError {
  return new BalancerError("bad_request", `The request was refused: ${why}`, {
    source: "downstream",
  });
}

function contentTooLarge(limit: number): BalancerError {
  const message = `The request was refused: its content is larger than ${limit} bytes`;
  return new BalancerError("content_too_large", message, { source: "downstream" });
}

function brokenOff(cause?: unknown): BalancerError {
  return new BalancerError("client_gone", "The client broke off its request", {
    source: "downstream",
    cause,
  });
}
