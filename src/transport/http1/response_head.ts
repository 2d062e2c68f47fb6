import { BalancerError } from "../../core/errors.ts";
import type { HeaderField } from "../transport.ts";
import { LineMemory } from "./line_memory.ts";

/** The largest response head that is accepted, in bytes. */
export const RESPONSE_HEAD_MAX_BYTES = 65_536;
/** The head of a response (RFC 9112 §4, §5). */
export interface ResponseHead {
  /** The minor version of HTTP/1. */
  readonly minorVersion: number;
  /** The status code, 100 to 599. */
  readonly status: number;
  /** The fields as received, names in lower case. */
  readonly headers: readonly HeaderField[];
  /** Where the head ends, behind the empty line. */
  readonly end: number;
}

const CR = 0x0d;

/** What may stand in a field name: a token (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What may not stand in a field value or reason phrase: controls but the tab (RFC 9110 §5.5). */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f]/;

interface StatusLine {
  readonly minorVersion: number;
  readonly status: number;
}

/** Reads response heads from bytes. One serves any number of connections. */
export class ResponseHeadParser {
  readonly #statusLines = new LineMemory(parseStatusLine);
  readonly #fields = new LineMemory(parseField);

  /**
   * Reads a head, if all of it has arrived.
   *
   * @param bytes Where it stands.
   * @param from Where it begins.
   * @param to Where the bytes that have arrived end.
   * @returns The head, or undefined when its end has not arrived yet.
   * @throws {BalancerError} `bad_response` if it breaks a rule of RFC 9112, or is too large.
   */
  parse(bytes: Uint8Array, from: number, to: number): ResponseHead | undefined {
    let status: StatusLine | undefined;
    const headers: HeaderField[] = [];
    for (let start = from; start < to;) {
      const lines = status === undefined ? this.#statusLines : this.#fields;
      const lf = lines.findEnd(bytes, start, to);
      checkSize((lf === -1 ? to : lf + 1) - from);
      if (lf === -1) return undefined;
      // RFC 9112 §2.2 lets a recipient accept a bare LF; two parties that differ on it are how
      // responses get split, so it is refused.
      if (lf === start || bytes[lf - 1] !== CR) throw badResponse("has a line break without CR");
      if (status === undefined) {
        status = this.#statusLines.read(bytes, start, lf);
      } else if (lf === start + 1) {
        return { minorVersion: status.minorVersion, status: status.status, headers, end: lf + 1 };
      } else {
        headers.push(this.#fields.read(bytes, start, lf));
      }
      start = lf + 1;
    }
    return undefined;
  }
}

function checkSize(size: number): void {
  if (size > RESPONSE_HEAD_MAX_BYTES) {
    throw badResponse(`has a head of more than ${RESPONSE_HEAD_MAX_BYTES} bytes`);
  }
}

function parseStatusLine(line: string): StatusLine {
  const match = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: |$)/.exec(line);
  if (match === null || FORBIDDEN.test(line)) {
    throw badResponse("does not begin with an HTTP/1 status line");
  }
  return { minorVersion: Number(match[1]), status: Number(match[2]) };
}

function parseField(line: string): HeaderField {
  // RFC 9112 §5.2: a line that continues the one before (obs-fold) may be refused by a proxy.
  if (line.startsWith(" ") || line.startsWith("\t")) throw badResponse("has a folded field");
  const colon = line.indexOf(":");
  // RFC 9112 §5.1: no white space between the name and the colon; the token rule covers that.
  const name = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(name)) throw badResponse("has a field without a valid name");
  const value = trimWhitespace(line.slice(colon + 1));
  if (FORBIDDEN.test(value)) throw badResponse(`has a control character in ${name}`);
  return [name.toLowerCase(), value];
}

/** Without the optional white space around it: spaces and tabs only (RFC 9110 §5.6.3). */
function trimWhitespace(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isWhitespace(value.charCodeAt(from))) from++;
  while (to > from && isWhitespace(value.charCodeAt(to - 1))) to--;
  return value.slice(from, to);
}

function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** An error that says that the server's response breaks HTTP. */
export function badResponse(why: string): BalancerError {
  return new BalancerError("bad_response", `The server's response ${why}`, { source: "upstream" });
}
