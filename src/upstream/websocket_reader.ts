import { MESSAGE_MAX_BYTES } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import {
  broken,
  type FrameHead,
  OPCODE,
  parseFrameHead,
  SocketViolation,
  tooLarge,
} from "./websocket_frames.ts";

/** The part of a {@linkcode Connection} that is read from. */
export type ByteSource = Pick<
  Connection,
  "buffer" | "from" | "to" | "buffered" | "fill" | "next" | "take"
>;

/** Reads the messages that a server sends over a WebSocket. */
export type SocketInput =
  | { readonly kind: "message"; readonly data: string | Uint8Array<ArrayBuffer> }
  | { readonly kind: "ping"; readonly data: Uint8Array<ArrayBuffer> }
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string };

/** Strict, and with a byte order mark taken for what it is: the text has to stay the same. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Puts a server's frames together to messages (RFC 6455 §5.4). */
export class SocketReader {
  readonly #source: ByteSource;
  /** The fragments of an incomplete message, and whether it is a text; undefined between messages. */
  #fragments: { readonly text: boolean; readonly content: GrowingBytes } | undefined;

  /** How much content its messages had so far, in bytes. */
  messageBytes = 0;

  /** @param source The connection. */
  constructor(source: ByteSource) {
    this.#source = source;
  }

  /**
   * Waits for a message, a ping or a Close frame. Pongs are read over.
   *
   * @returns Undefined when the connection ends.
   * @throws {SocketViolation} If what arrives breaks RFC 6455, or is too large.
   */
  async next(): Promise<SocketInput | undefined> {
    for (;;) {
      const head = await this.#head();
      if (head === undefined) return undefined;
      if (head.opcode >= OPCODE.close) {
        const data = await this.#content(head.length);
        if (data === undefined) return undefined;
        if (head.opcode === OPCODE.ping) return { kind: "ping", data };
        if (head.opcode === OPCODE.close) return parseClose(data);
      } else {
        const data = await this.#message(head);
        if (data !== "more") return data && { kind: "message", data: data.value };
      }
    }
  }

  async #head(): Promise<FrameHead | undefined> {
    const source = this.#source;
    for (;;) {
      const head = parseFrameHead(source.buffer, source.from, source.to);
      if (head !== undefined) {
        source.from = head.end;
        return head;
      }
      if (!await source.fill()) return undefined;
    }
  }

  /** The message that is complete with this frame, or that there is more to come. */
  async #message(
    { final, opcode, length }: FrameHead,
  ): Promise<{ readonly value: string | Uint8Array<ArrayBuffer> } | "more" | undefined> {
    const before = this.#fragments;
    if (opcode === OPCODE.continuation) {
      if (before === undefined) throw broken("there is no message that a frame could continue");
      if (before.content.length + length > MESSAGE_MAX_BYTES) throw tooLarge();
    } else if (before !== undefined) throw broken("a message begins in the middle of another");
    const text = before?.text ?? opcode === OPCODE.text;
    this.messageBytes += length;
    if (final && before === undefined) {
      const whole = await this.#content(length);
      return whole && { value: text ? decodeText(whole) : whole };
    }
    const { content } = this.#fragments = before ?? { text, content: new GrowingBytes() };
    if (!await this.#read(length, content)) return undefined;
    if (!final) return "more";
    this.#fragments = undefined;
    const whole = content.bytes();
    return { value: text ? decodeText(whole) : whole };
  }

  /** The next bytes, as the caller's own; undefined if the connection ends before. */
  async #content(length: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#source.buffered >= length) return this.#source.take(length);
    const content = new GrowingBytes();
    return await this.#read(length, content) ? content.bytes() : undefined;
  }

  async #read(length: number, into: GrowingBytes): Promise<boolean> {
    for (let left = length; left > 0;) {
      const piece = await this.#source.next(left);
      if (piece === undefined) return false;
      into.append(piece);
      left -= piece.length;
    }
    return true;
  }
}

/**
 * Bytes that are put together from pieces. It grows with what arrives and not with what is
 * announced, and the smallest pieces cost no more than their bytes.
 */
class GrowingBytes {
  #bytes = new Uint8Array(0);
  length = 0;

  append(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      larger.set(this.bytes());
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.length);
    this.length = length;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }
}

/** RFC 6455 §5.5.1, §7.4. */
function parseClose(content: Uint8Array): SocketInput {
  if (content.length === 0) return { kind: "close", code: undefined, reason: "" };
  if (content.length === 1) throw broken("a Close frame has half a status code");
  const code = content[0]! * 256 + content[1]!;
  if (!mayBeSent(code)) throw broken(`the status code ${code} must not be sent`);
  return { kind: "close", code, reason: decodeText(content.subarray(2)) };
}

/** The status codes that may stand in a Close frame (RFC 6455 §7.4.1, §7.4.2, and IANA's list). */
function mayBeSent(code: number): boolean {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new SocketViolation(1007, "a text is not UTF-8");
  }
}
