import type { HeaderField } from "./message.ts";
import { badResponse } from "./response_errors.ts";
import { HeaderLineCache } from "./header_line_cache.ts";
import { CONTROLS, type FramingField, parseField } from "./response_field.ts";

/** The largest response head that is accepted, in bytes. */
export const RESPONSE_HEAD_MAX_BYTES = 65_536;
/** The head of a response (RFC 9112 §4, §5). */
export interface ResponseHead {
  /** The minor version of HTTP/1. */
  readonly minorVersion: number;
  /** The status code, 100 to 599. */
  readonly status: number;
  /** The fields that are passed on, names in lower case. */
  readonly headers: readonly HeaderField[];
  /** The fields that are about the connection and the length of the content. */
  readonly framing: readonly FramingField[];
  /** Where the head ends, behind the empty line. */
  readonly end: number;
}

const CR = 0x0d;

interface StatusLine {
  readonly minorVersion: number;
  readonly status: number;
}

/** Reads response heads from bytes. One serves any number of connections. */
export class ResponseHeadParser {
  readonly #statusLines = new HeaderLineCache(parseStatusLine);
  readonly #fields = new HeaderLineCache(parseField);

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
    const framing: FramingField[] = [];
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
        const { minorVersion } = status;
        return { minorVersion, status: status.status, headers, framing, end: lf + 1 };
      } else {
        const field = this.#fields.read(bytes, start, lf);
        if (field.role === "content") headers.push(field.header);
        else if (field.role !== "hop_by_hop") framing.push(field);
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
  if (match === null || CONTROLS.test(line)) {
    throw badResponse("does not begin with an HTTP/1 status line");
  }
  return { minorVersion: Number(match[1]), status: Number(match[2]) };
}
