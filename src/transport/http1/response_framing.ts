import { badResponse, type ResponseHead } from "./response_head.ts";

/** How to find the end of a response's content (RFC 9112 §6.3). */
export type ResponseFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until_close" };

/** What the head of a response says of its content and its connection. */
export interface ResponseDelimiting {
  /** How to find the end of the content. */
  readonly framing: ResponseFraming;
  /** Whether the server keeps the connection open afterwards. */
  readonly keepAlive: boolean;
}

/**
 * Reads from a final response's head how its content ends, strictly: what two parties might read
 * in two ways is refused, as the disagreement is what response smuggling lives on.
 *
 * @param method The method of the request.
 * @param head The head of the response.
 * @throws {BalancerError} `bad_response` for ambiguous or unknown framing.
 */
export function delimitResponse(method: string, head: ResponseHead): ResponseDelimiting {
  let length: number | undefined;
  let chunked = false;
  // RFC 9112 §9.3: HTTP/1.1 keeps the connection unless told otherwise, HTTP/1.0 the reverse.
  let keepAlive = head.minorVersion === 1;
  for (const [name, value] of head.headers) {
    if (name === "content-length") length = parseLength(value, length);
    else if (name === "transfer-encoding") {
      if (chunked || value.toLowerCase() !== "chunked" || head.minorVersion === 0) {
        throw badResponse("has a Transfer-Encoding other than chunked");
      }
      chunked = true;
    } else if (name === "connection") {
      for (const option of value.toLowerCase().split(",")) {
        if (option.trim() === "close") keepAlive = false;
        if (option.trim() === "keep-alive" && head.minorVersion === 0) keepAlive = true;
      }
    }
  }
  // RFC 9112 §6.1: a message with both might be an attempt at smuggling.
  if (chunked && length !== undefined) {
    throw badResponse("has both Transfer-Encoding and Content-Length");
  }
  // RFC 9112 §6.3 rules 1 and 4 to 8.
  if (method === "HEAD" || head.status === 204 || head.status === 304) {
    return { framing: { kind: "none" }, keepAlive };
  }
  if (chunked) return { framing: { kind: "chunked" }, keepAlive };
  if (length === 0) return { framing: { kind: "none" }, keepAlive };
  if (length !== undefined) return { framing: { kind: "length", length }, keepAlive };
  return { framing: { kind: "until_close" }, keepAlive: false };
}

function parseLength(value: string, previous: number | undefined): number {
  // RFC 9110 §8.6 allows a list of equal lengths to be taken as one; nobody sends that on purpose.
  const length = /^[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(length)) throw badResponse("has a Content-Length that is no length");
  if (previous !== undefined && previous !== length) {
    throw badResponse("has two different Content-Lengths");
  }
  return length;
}
