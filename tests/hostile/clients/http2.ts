/** Just enough HTTP/2 (RFC 9113) to send hostile requests: no checks of any kind. */

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS = 1;
const DATA = 0;
const SETTINGS = 4;
const END_STREAM = 1;
const END_HEADERS = 4;

/** A request as HTTP/2 has it: fields in any order, pseudo-fields among them. */
export interface Http2Request {
  /** The fields as they are to be sent. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The content. Default: none. */
  readonly data?: string;
  /** How much content the server may send before it is allowed more. Default: 65,535 bytes. */
  readonly window?: number;
}

/** The bytes with which a client that knows the server speaks HTTP/2 begins, with one request. */
export function http2Request({ fields, data, window }: Http2Request): string {
  const block = fields.map(([name, value]) => `\0${literal(name)}${literal(value)}`).join("");
  const end = data === undefined ? END_STREAM : 0;
  const settings = window === undefined ? "" : initialWindow(window);
  return PREFACE + frame(SETTINGS, 0, { stream: 0, payload: settings }) +
    frame(HEADERS, END_HEADERS | end, { stream: 1, payload: block }) +
    (data === undefined ? "" : frame(DATA, END_STREAM, { stream: 1, payload: data }));
}

/** SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113 §6.5.2). */
function initialWindow(size: number): string {
  return String.fromCharCode(0, 4, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255);
}

/** A string of HPACK without Huffman coding (RFC 7541 §5.2), of less than 127 bytes. */
function literal(text: string): string {
  return String.fromCharCode(text.length) + text;
}

function frame(
  type: number,
  flags: number,
  { stream, payload = "" }: { stream: number; payload?: string },
): string {
  const length = payload.length;
  return String.fromCharCode(length >> 16, (length >> 8) & 255, length & 255, type, flags) +
    String.fromCharCode(0, 0, 0, stream) + payload;
}

/** The types of the frames in what a server sent. */
export function frameTypes(text: string): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= text.length;) {
    types.push(text.charCodeAt(at + 3));
    at += 9 + text.charCodeAt(at) * 65_536 + text.charCodeAt(at + 1) * 256 +
      text.charCodeAt(at + 2);
  }
  return types;
}
