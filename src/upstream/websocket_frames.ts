import { MESSAGE_MAX_BYTES } from "./transport.ts";

/** Frame opcodes (RFC 6455 §5.2). */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

const OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE));

/** The most content that a control frame may have, in bytes (RFC 6455 §5.5). */
export const CONTROL_MAX_BYTES = 125;

/** The error for a frame that breaks RFC 6455 or is too large. */
export class SocketViolation extends Error {
  /** The status code with which the connection is to be closed (RFC 6455 §7.4.1). */
  readonly code: 1002 | 1007 | 1009;

  /**
   * @param code The status code: 1002 for a protocol error, 1007 for a text that is not UTF-8, 1009
   * for a message that is too large.
   * @param message The violation.
   */
  constructor(code: 1002 | 1007 | 1009, message: string) {
    super(message);
    this.name = "SocketViolation";
    this.code = code;
  }
}

/** The head of a frame (RFC 6455 §5.2). */
export interface FrameHead {
  /** Whether the message ends with this frame. */
  readonly final: boolean;
  /** The opcode. */
  readonly opcode: number;
  /** The length of its content, in bytes. */
  readonly length: number;
  /** Where the head ends and the content begins. */
  readonly end: number;
}

/**
 * Reads the head of a frame from a server, if all of it has arrived.
 *
 * @param bytes Where it stands.
 * @param from Where it begins.
 * @param to Where the bytes that have arrived end.
 * @returns The head, or undefined when its end has not arrived yet.
 * @throws {SocketViolation} If the frame breaks a rule of RFC 6455 §5, or is too large.
 */
export function parseFrameHead(bytes: Uint8Array, from: number, to: number): FrameHead | undefined {
  if (to - from < 2) return undefined;
  const first = bytes[from]!;
  const second = bytes[from + 1]!;
  const final = (first & 0x80) !== 0;
  const opcode = first & 0x0f;
  if ((first & 0x70) !== 0) throw broken("a reserved bit is set without an extension");
  if (!OPCODES.has(opcode)) throw broken(`the opcode ${opcode} is reserved`);
  // RFC 6455 §5.1: a client must close the connection on a masked frame.
  if ((second & 0x80) !== 0) throw broken("a frame from a server is masked");
  const short = second & 0x7f;
  if (opcode >= OPCODE.close) {
    if (!final) throw broken("a control frame is fragmented");
    if (short > CONTROL_MAX_BYTES) throw broken("a control frame is too long");
  }
  if (short < 126) return { final, opcode, length: short, end: from + 2 };
  const end = from + (short === 126 ? 4 : 10);
  if (to < end) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + from + 2);
  // A length of 2⁵³ or more loses digits here, and is too large all the same.
  const length = short === 126 ? view.getUint16(0) : Number(view.getBigUint64(0));
  // RFC 6455 §5.2: the length must take as few bytes as it can.
  if (length < (short === 126 ? 126 : 0x10000)) throw broken("a length is longer than it needs be");
  if (length > MESSAGE_MAX_BYTES) throw tooLarge();
  return { final, opcode, length, end };
}

/**
 * Makes a frame that is a whole message, or a control frame, as a client sends it.
 *
 * @param opcode The opcode.
 * @param content Its content.
 * @param mask Four bytes that nobody can foresee (RFC 6455 §5.3).
 */
export function encodeFrame(
  opcode: number,
  content: Uint8Array,
  mask: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { length } = content;
  const lengthBytes = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const headBytes = 2 + lengthBytes + 4;
  // The content begins at a multiple of four, so that it can be masked in words.
  const start = (4 - headBytes % 4) % 4;
  const bytes = new Uint8Array(start + headBytes + length);
  const view = new DataView(bytes.buffer, start);
  view.setUint8(0, 0x80 | opcode);
  view.setUint8(1, 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127));
  if (lengthBytes === 2) view.setUint16(2, length);
  else if (lengthBytes === 8) view.setBigUint64(2, BigInt(length));
  bytes.set(mask.subarray(0, 4), start + headBytes - 4);
  bytes.set(content, start + headBytes);
  applyMask(bytes, start + headBytes);
  return bytes.subarray(start);
}

/** Masks what stands from `from` on, with the four bytes before it (RFC 6455 §5.3). */
function applyMask(bytes: Uint8Array<ArrayBuffer>, from: number): void {
  const wordCount = Math.floor((bytes.length - from) / 4);
  // Both the mask and the content are words of the same byte order, whichever it is.
  const words = new Uint32Array(bytes.buffer, from - 4, wordCount + 1);
  const mask = words[0]!;
  for (let i = 1; i <= wordCount; i++) words[i]! ^= mask;
  for (let at = from + wordCount * 4; at < bytes.length; at++) {
    bytes[at]! ^= bytes[from - 4 + (at - from) % 4]!;
  }
}

/** How many random bytes are fetched at once. */
const RANDOM_BYTES = 4096;

/** Masks for frames, from the platform's source of randomness, which is asked rarely. */
export class MaskSource {
  readonly #bytes = new Uint8Array(RANDOM_BYTES);
  #at = RANDOM_BYTES;

  /** Four bytes; valid until the next call. */
  next(): Uint8Array {
    if (this.#at === RANDOM_BYTES) {
      crypto.getRandomValues(this.#bytes);
      this.#at = 0;
    }
    this.#at += 4;
    return this.#bytes.subarray(this.#at - 4, this.#at);
  }
}

/** An error that says that a message is too large (RFC 6455 §7.4.1). */
export function tooLarge(): SocketViolation {
  return new SocketViolation(1009, `a message is larger than ${MESSAGE_MAX_BYTES} bytes`);
}

/** An error that says that a frame breaks RFC 6455. */
export function broken(what: string): SocketViolation {
  return new SocketViolation(1002, what);
}
