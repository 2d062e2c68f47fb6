/**
 * A reader of HTTP/1.1 that shares no code with Ballast and forgives nothing: what a hostile
 * message was turned into is judged by it.
 */

/** A request, read by the strictest rules. */
export interface StrictRequest {
  /** The method. */
  readonly method: string;
  /** The target, in origin form. */
  readonly target: string;
  /** The fields in their order, names as sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The content, taken out of its chunks. */
  readonly body: string;
}

/** The messages on a connection. */
export interface StrictRequests {
  /** The requests that are complete. */
  readonly requests: readonly StrictRequest[];
  /** The beginning of one that is not; empty where there is none. */
  readonly rest: string;
}

/** A response as a client sees it. */
export interface StrictResponse {
  /** The status of the final response. */
  readonly status: number;
  /** The fields, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The content that has arrived, taken out of its chunks. */
  readonly body: string;
  /** Whether all of it has arrived, by its framing. */
  readonly complete: boolean;
  /** The bytes behind it. */
  readonly rest: string;
}

/** RFC 9112 §3.2: in origin form, or the asterisk of OPTIONS. */
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) (\/[!-~]*|(?<=^OPTIONS )\*) HTTP\/1\.1$/;
const FIELD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?)$/;
const HOST = /^(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9]{2}) [\t -~\x80-\xff]*$/;

/** Fields that must not pass a proxy (RFC 9110 §7.6.1), and those that may be there once at most. */
const CONNECTION_FIELDS = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];
const SINGLE_FIELDS = ["host", "content-length", "transfer-encoding", "x-forwarded-for"];

/**
 * Reads the requests on a connection.
 *
 * @param text The received bytes, one per character.
 * @throws {Error} At the first thing that is not as RFC 9112 wants a sender to write it.
 */
export function readRequests(text: string): StrictRequests {
  const requests: StrictRequest[] = [];
  let rest = text;
  while (rest !== "") {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) break;
    const [line = "", ...lines] = rest.slice(0, end).split("\r\n");
    const [, method, target] = REQUEST_LINE.exec(line) ?? fail("request line", line);
    const headers = lines.map((field) => {
      const [, name, value] = FIELD.exec(field) ?? fail("field", field);
      return [name!, value!] as const;
    });
    const content = readContent(rest.slice(end + 4), requestFraming(headers));
    if (!content.complete) break;
    requests.push({ method: method!, target: target!, headers, body: content.body });
    rest = content.rest;
  }
  return { requests, rest };
}

/**
 * Reads the final response on a connection, over the interim ones before it.
 *
 * @param text The bytes received until the connection ended, one per character.
 * @param method The method of the request.
 * @returns The response; undefined where its head is not complete.
 * @throws {Error} At what is not HTTP.
 */
export function readResponse(text: string, method = "GET"): StrictResponse | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [line = "", ...lines] = text.slice(0, end).split("\r\n");
  const [, , code] = STATUS_LINE.exec(line) ?? fail("status line", line);
  const status = Number(code);
  if (status < 200) return readResponse(text.slice(end + 4), method);
  const headers = new Map<string, string>();
  for (const field of lines) {
    const [, name, value] = FIELD.exec(field) ?? fail("field", field);
    const key = name!.toLowerCase();
    if (SINGLE_FIELDS.includes(key) && headers.has(key)) fail("field that is there twice", field);
    headers.set(key, value!);
  }
  const empty = method === "HEAD" || status === 204 || status === 304;
  const framing = empty ? "none" : framingOf(headers);
  return { status, headers, ...readContent(text.slice(end + 4), framing) };
}

function requestFraming(
  headers: readonly (readonly [name: string, value: string])[],
): number | "chunked" | "none" {
  const names = headers.map(([name]) => name.toLowerCase());
  if (names[0] !== "host") fail("first field, which is not Host", names[0]);
  if (!HOST.test(headers[0]![1])) fail("Host", headers[0]![1]);
  for (const name of SINGLE_FIELDS) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) fail("field that is there twice", name);
  }
  for (const name of CONNECTION_FIELDS) if (names.includes(name)) fail("hop-by-hop field", name);
  const framing = framingOf(new Map(headers.map(([name, value]) => [name.toLowerCase(), value])));
  return framing === "close" ? "none" : framing;
}

function framingOf(headers: ReadonlyMap<string, string>): number | "chunked" | "close" {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (length !== undefined && coding !== undefined) fail("framing", "both");
  if (coding !== undefined) return coding === "chunked" ? "chunked" : fail("coding", coding);
  if (length === undefined) return "close";
  return /^(?:0|[1-9][0-9]{0,15})$/.test(length) ? Number(length) : fail("length", length);
}

interface Content {
  readonly body: string;
  readonly complete: boolean;
  readonly rest: string;
}

function readContent(text: string, framing: number | "chunked" | "none" | "close"): Content {
  if (framing === "none") return { body: "", complete: true, rest: text };
  if (framing === "chunked") return readChunks(text);
  if (framing === "close") return { body: text, complete: true, rest: "" };
  const body = text.slice(0, framing);
  return { body, complete: body.length === framing, rest: text.slice(framing) };
}

function readChunks(text: string): Content {
  let body = "";
  for (let rest = text;;) {
    const end = rest.indexOf("\r\n");
    if (end === -1) return { body, complete: false, rest: "" };
    const size = rest.slice(0, end);
    // Neither extensions nor trailers: a proxy that drops them writes none.
    if (!/^[0-9a-fA-F]{1,8}$/.test(size)) fail("chunk size", size);
    const length = parseInt(size, 16);
    const data = rest.slice(end + 2, end + 2 + length);
    body += data;
    const behind = rest.slice(end + 2 + length, end + 4 + length);
    if (!"\r\n".startsWith(behind)) fail("end of a chunk", behind);
    if (behind !== "\r\n") return { body, complete: false, rest: "" };
    rest = rest.slice(end + 4 + length);
    if (length === 0) return { body, complete: true, rest };
  }
}

function fail(what: string, found: unknown): never {
  throw new Error(`not a valid ${what}: ${JSON.stringify(found)?.slice(0, 200)}`);
}
