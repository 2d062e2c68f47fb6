import { badResponse } from "../../http1/response_errors.ts";
import type { HeaderField } from "../../http1/message.ts";

/** The part of a response's head that a proxy forwards. */
export interface FetchedHead {
  /** The fields, names in lower case. */
  readonly headers: readonly HeaderField[];
  /** The Content-Length of what is passed on, in bytes, if it is known. */
  readonly contentLength: number | undefined;
}

/** Hop-by-hop fields (RFC 9110 §7.6.1), and the length. */
const SET_ASIDE: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Codings that a decoding `fetch` decodes. If there is any other, it decodes nothing. */
const DECODED: ReadonlySet<string> = new Set(["gzip", "x-gzip", "deflate", "br"]);

/** A coding that newer versions decode and older ones do not. */
const UNSURE = "zstd";

/**
 * Fields of encoded content that are wrong once it is decoded: its codings, its
 * digests (RFC 1864, RFC 3230, RFC 9530), and which ranges of it can be asked for (RFC 9110 §14.3).
 */
const OF_ENCODED: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-encoding",
  "content-md5",
  "digest",
  "repr-digest",
]);

/**
 * Reads the head of a response that `fetch` returned, and corrects it if the content was decoded.
 *
 * @param response The response.
 * @param decodes Whether this `fetch` decodes content.
 * @throws {BalancerError} `bad_response` for violations of HTTP that are visible here, and for
 * decoded content whose original is needed.
 */
export function readFetchedHead(response: Response, decodes: boolean): FetchedHead {
  const { status } = response;
  // RFC 9110 §15: 101 would be the answer to an Upgrade, and there was none.
  if (status < 200 || status > 599) throw badResponse(`has the status ${status}`);
  const received = response.headers;
  const length = received.get("content-length");
  // RFC 9112 §6.1: a message with both might be an attempt at smuggling.
  if (length !== null && received.has("transfer-encoding")) {
    throw badResponse("has both Transfer-Encoding and Content-Length");
  }
  const contentLength = length === null ? undefined : readLength(length);
  const named = listed(received.get("connection"));
  const decoded = decodes && isDecoded(response);
  const headers: HeaderField[] = [];
  received.forEach((value, name) => {
    if (SET_ASIDE.has(name) || named.includes(name)) return;
    if (!decoded) headers.push([name, value]);
    // RFC 9110 §8.8.1: a strong validator is of the content byte by byte.
    else if (name === "etag") headers.push([name, value.startsWith("W/") ? value : `W/${value}`]);
    else if (!OF_ENCODED.has(name)) headers.push([name, value]);
  });
  return { headers, contentLength: decoded ? undefined : contentLength };
}

/** Whether the content is not what the server has sent, but that content decoded. */
function isDecoded({ status, headers }: Response): boolean {
  const codings = listed(headers.get("content-encoding"));
  if (codings.length === 0) return false;
  if (!codings.every((coding) => DECODED.has(coding) || coding === UNSURE)) return false;
  if (codings.includes(UNSURE)) {
    throw badResponse(`is encoded with ${UNSURE}, though no coding was asked for`);
  }
  // RFC 9110 §14.4: its numbers count encoded bytes, and a part of them cannot be decoded.
  if (status === 206) throw badResponse("is a part of encoded content, which fetch cannot keep");
  // RFC 9110 §7.7.
  if (listed(headers.get("cache-control")).includes("no-transform")) {
    throw badResponse("is encoded and not to be transformed, but fetch has decoded it");
  }
  return true;
}

function readLength(value: string): number {
  const length = /^[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
  if (!Number.isSafeInteger(length)) throw badResponse("has a Content-Length that is no length");
  return length;
}

/** The members of a list (RFC 9110 §5.6.1), in lower case. */
function listed(value: string | null): readonly string[] {
  if (value === null) return [];
  return value.toLowerCase().split(",").map((member) => member.trim()).filter((member) => member);
}
