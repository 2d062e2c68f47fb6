import type { HeaderField } from "./message.ts";
import { badResponse } from "./response_errors.ts";
import type { ResponseHead } from "./response_head.ts";

/** How to find the end of a response's content (RFC 9112 §6.3). */
export type ResponseFraming =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly length: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "until_close" };

/** How a response is delimited, by its head. */
export interface ResponseDelimiting {
  /** How to find the end of the content. */
  readonly framing: ResponseFraming;
  /** The Content-Length as received, in bytes; for a HEAD, it is what a GET would have had. */
  readonly contentLength: number | undefined;
  /** Whether the connection can be reused afterwards. */
  readonly keepAlive: boolean;
  /** The fields that are forwarded: those that `Connection` names are removed. */
  readonly headers: readonly HeaderField[];
}

/**
 * Determines how a final response's content ends. Heads that two parties could read differently are
 * refused, as response smuggling needs such a disagreement.
 *
 * @param method The method of the request.
 * @param head The head of the response.
 * @throws {BalancerError} `bad_response` for ambiguous or unknown framing.
 */
export function delimitResponse(method: string, head: ResponseHead): ResponseDelimiting {
  let contentLength: number | undefined;
  let chunked = false;
  // RFC 9112 §9.3: HTTP/1.1 keeps the connection unless told otherwise, HTTP/1.0 the reverse.
  let keepAlive = head.minorVersion === 1;
  let headers = head.headers;
  for (const field of head.framing) {
    switch (field.role) {
      case "content_length":
        if (contentLength !== undefined && contentLength !== field.length) {
          throw badResponse("has two different Content-Lengths");
        }
        contentLength = field.length;
        break;
      case "transfer_encoding":
        if (chunked || !field.chunked || head.minorVersion === 0) {
          throw badResponse("has a Transfer-Encoding other than chunked");
        }
        chunked = true;
        break;
      case "connection":
        for (const option of field.options) {
          if (option === "close") keepAlive = false;
          else if (option !== "keep-alive") headers = headers.filter(([name]) => name !== option);
          else if (head.minorVersion === 0) keepAlive = true;
        }
    }
  }
  // RFC 9112 §6.1: a message with both may be an attempt at smuggling.
  if (chunked && contentLength !== undefined) {
    throw badResponse("has both Transfer-Encoding and Content-Length");
  }
  const framing = findFraming(method, head.status, { contentLength, chunked });
  return {
    framing,
    contentLength,
    keepAlive: keepAlive && framing.kind !== "until_close",
    headers,
  };
}

/** RFC 9112 §6.3 rules 1 and 4 to 8. */
function findFraming(
  method: string,
  status: number,
  { contentLength, chunked }: { contentLength: number | undefined; chunked: boolean },
): ResponseFraming {
  if (method === "HEAD" || status === 204 || status === 304) return { kind: "none" };
  if (chunked) return { kind: "chunked" };
  if (contentLength === undefined) return { kind: "until_close" };
  return contentLength === 0 ? { kind: "none" } : { kind: "length", length: contentLength };
}
