import { BalancerError } from "../../core/errors.ts";
import type { HeaderField } from "../transport.ts";

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
}

const CR = 0x0d;
const LF = 0x0a;

/** What may stand in a field name: a token (RFC 9110 §5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What may not stand in a field value or reason phrase: controls but the tab (RFC 9110 §5.5). */
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * Finds the end of a head: the first empty line.
 *
 * @param bytes Where to look.
 * @param from Where the head begins.
 * @param to Where the bytes that have arrived end.
 * @returns The index behind the empty line, or -1 when it has not arrived yet.
 * @throws {BalancerError} `bad_response` for a line break that is not CR LF, and for a head that is
 * too large. RFC 9112 §2.2 lets a recipient accept a bare LF; two parties that differ on it are
 * how responses get split, so it is refused.
 */
export function findHeadEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let i = bytes.indexOf(LF, from); i !== -1 && i < to; i = bytes.indexOf(LF, i + 1)) {
    if (i === from || bytes[i - 1] !== CR) throw badResponse("has a line break without CR");
    if (i - from >= 3 && bytes[i - 2] === LF) return checkSize(i + 1 - from) + from;
  }
  checkSize(to - from);
  return -1;
}

function checkSize(size: number): number {
  if (size > RESPONSE_HEAD_MAX_BYTES) {
    throw badResponse(`has a head of more than ${RESPONSE_HEAD_MAX_BYTES} bytes`);
  }
  return size;
}

/**
 * Reads a complete head.
 *
 * @param bytes Where it stands.
 * @param from Where it begins.
 * @param to Where it ends, behind the empty line.
 * @throws {BalancerError} `bad_response` if it breaks a rule of RFC 9112.
 */
export function parseResponseHead(bytes: Uint8Array, from: number, to: number): ResponseHead {
  const lines = latin1Text(bytes.subarray(from, to - 4)).split("\r\n");
  const status = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: |$)/.exec(lines[0]!);
  if (status === null || FORBIDDEN.test(lines[0]!)) {
    throw badResponse("does not begin with an HTTP/1 status line");
  }
  const headers: HeaderField[] = [];
  for (let i = 1; i < lines.length; i++) headers.push(parseField(lines[i]!));
  return { minorVersion: Number(status[1]), status: Number(status[2]), headers };
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

/** One character for each byte (ISO 8859-1; `TextDecoder("latin1")` is windows-1252). */
function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return text;
}

/** An error that says that the server's response breaks HTTP. */
export function badResponse(why: string): BalancerError {
  return new BalancerError("bad_response", `The server's response ${why}`, { source: "upstream" });
}
