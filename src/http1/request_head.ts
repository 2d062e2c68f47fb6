import { targetUnder } from "./base_path.ts";
import type { UpstreamRequest } from "./message.ts";
import { encodeLatin1, latin1Bytes } from "./latin1.ts";

/** How a request's content is framed (RFC 9112 §6). */
export type RequestFraming = "none" | "length" | "chunked";

/** How the content of this request is framed. */
export function requestFraming(request: UpstreamRequest): RequestFraming {
  if (request.contentLength !== undefined) return "length";
  return request.body === null ? "none" : "chunked";
}

/**
 * Writes the head of a request as text, one character per byte (RFC 9112 §3, §5).
 *
 * @param basePath The path of the server's URL, without a slash at the end.
 * @param request The request.
 * @param close Whether this is the connection's last request.
 */
export function requestHead(basePath: string, request: UpstreamRequest, close: boolean): string {
  let head = `${request.method} ${targetUnder(basePath, request.target)} HTTP/1.1\r\n`;
  for (const [name, value] of request.headers) head += `${name}: ${value}\r\n`;
  const framing = requestFraming(request);
  if (framing === "length") head += `content-length: ${request.contentLength}\r\n`;
  if (framing === "chunked") head += "transfer-encoding: chunked\r\n";
  if (close) head += "connection: close\r\n";
  return head + "\r\n";
}

/** The end of chunked content (RFC 9112 §7.1). */
export const LAST_CHUNK: Uint8Array<ArrayBuffer> = latin1Bytes("0\r\n\r\n");

/**
 * Frames chunks (RFC 9112 §7.1), each in one piece, as parts that are written one by one wait for each
 * other's acknowledgement. One framer writes all chunks of a request into one buffer, so that a large
 * upload does not make as much garbage as it has bytes.
 */
export class ChunkFramer {
  #buffer = new Uint8Array(0);

  /** The chunk with this data; valid until the next call. */
  frame(data: Uint8Array): Uint8Array {
    const size = `${data.length.toString(16)}\r\n`;
    const length = size.length + data.length + 2;
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(length);
    encodeLatin1(size, this.#buffer);
    this.#buffer.set(data, size.length);
    this.#buffer.set([0x0d, 0x0a], length - 2);
    return this.#buffer.subarray(0, length);
  }
}
