import type { HeaderField } from "../http1/message.ts";
import type { SocketEnd, TransferRecord, UpstreamSocket } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import { encodeFrame, MaskSource, OPCODE, SocketViolation } from "./websocket_frames.ts";
import { type SocketInput, SocketReader } from "./websocket_reader.ts";

/** The assumed overhead of a queued message, in bytes. */
const MESSAGE_COST_BYTES = 256;
/** Frames are put together until they are at least this many bytes, and then sent in one piece. */
const GATHER_BYTES = 65_536;
/** How much of what nobody wants is read at a time, in bytes. */
const DISCARD_BYTES = 65_536;

/** Options of a {@linkcode WebSocketConnection}. */
export interface Http1SocketOptions {
  /** The fields of the handshake's response that are passed on. */
  readonly headers: readonly HeaderField[];
  /** Where it is noted how much its messages are. Default: nowhere. */
  readonly record: TransferRecord | undefined;
}

/** An open WebSocket on a connection to a server. */
export class Http1Socket implements UpstreamSocket {
  readonly #connection: Connection;
  readonly #reader: SocketReader;
  readonly #masks = new MaskSource();
  readonly #record: TransferRecord | undefined;
  /** See {@linkcode UpstreamSocket}. */
  readonly headers: readonly HeaderField[];
  #queue: Uint8Array<ArrayBuffer>[] = [];
  /** The answer to the last ping; RFC 6455 §5.5.3 lets it stand for those to earlier ones. */
  #pong: Uint8Array<ArrayBuffer> | undefined;
  #unsent = 0;
  #closing = false;
  #failed = false;
  #sending = false;
  #sent: Promise<void> = Promise.resolve();

  /**
   * @param connection The connection, behind the head of the handshake's response. From now on it
   * belongs to this object.
   * @param options The negotiated protocol, the fields of the response, and what else comes with it.
   */
  constructor(connection: Connection, { headers, record }: Http1SocketOptions) {
    this.#connection = connection;
    this.headers = headers;
    this.#record = record;
    this.#reader = new SocketReader(connection);
  }

  /** See {@linkcode UpstreamSocket}. */
  get unsent(): number {
    return this.#unsent;
  }

  /** See {@linkcode UpstreamSocket}. */
  async receive(): Promise<string | Uint8Array<ArrayBuffer> | SocketEnd> {
    if (this.#failed) return await this.#discardAll();
    for (;;) {
      let input: SocketInput | undefined;
      try {
        input = await this.#reader.next();
      } catch (error) {
        if (!(error instanceof SocketViolation)) throw error;
        this.#failed = true;
        return { cause: "violation", code: error.code, reason: error.message };
      }
      if (this.#record !== undefined) this.#record.bytesReceived = this.#reader.messageBytes;
      if (input === undefined) return this.#end();
      if (input.kind === "message") return input.data;
      if (input.kind === "close") {
        return { cause: "closed", code: input.code, reason: input.reason };
      }
      this.#answer(input.data);
    }
  }

  /** See {@linkcode UpstreamSocket}. */
  send(data: Uint8Array, text: boolean): void {
    if (this.#closing) return;
    if (this.#record !== undefined) this.#record.bytesSent += data.length;
    this.#push(text ? OPCODE.text : OPCODE.binary, data);
  }

  /** See {@linkcode UpstreamSocket}. */
  close(code: number | undefined, reason: string): void {
    if (this.#closing) return;
    this.#push(OPCODE.close, closeContent(code, reason));
    this.#closing = true;
  }

  /** See {@linkcode UpstreamSocket}. */
  async flushed(): Promise<void> {
    await this.#sent;
  }

  /** See {@linkcode UpstreamSocket}. */
  destroy(): void {
    this.#closing = true;
    this.#connection.close();
  }

  #end(): SocketEnd {
    const cause = this.#connection.closed ? "ended_here" : "broken_off";
    return { cause, code: undefined, reason: "" };
  }

  /**
   * Reads over what a server sends that broke the rules: if the connection were closed with unread
   * bytes, the server might never see the Close frame.
   */
  async #discardAll(): Promise<SocketEnd> {
    while (await this.#connection.next(DISCARD_BYTES) !== undefined);
    return this.#end();
  }

  /** RFC 6455 §5.5.2, §5.5.3: a pong with the content of the ping. */
  #answer(content: Uint8Array): void {
    if (this.#closing) return;
    this.#pong = this.#frame(OPCODE.pong, content);
    this.#start();
  }

  #push(opcode: number, content: Uint8Array): void {
    const frame = this.#frame(opcode, content);
    this.#unsent += frame.length + MESSAGE_COST_BYTES;
    this.#queue.push(frame);
    this.#start();
  }

  #frame(opcode: number, content: Uint8Array): Uint8Array<ArrayBuffer> {
    return encodeFrame(opcode, content, this.#masks.next());
  }

  #start(): void {
    if (!this.#sending) this.#sent = this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    let frames: Uint8Array<ArrayBuffer>[] = [];
    let at = 0;
    for (;;) {
      if (at === frames.length) {
        frames = this.#queue;
        this.#queue = [];
        at = 0;
      }
      const pieces = this.#pong === undefined ? [] : [this.#pong];
      this.#pong = undefined;
      let cost = 0;
      for (let bytes = 0; at < frames.length && bytes < GATHER_BYTES;) {
        const frame = frames[at++]!;
        pieces.push(frame);
        bytes += frame.length;
        cost += frame.length + MESSAGE_COST_BYTES;
      }
      if (pieces.length === 0) break;
      // Where the connection is broken, the reader notices; nothing is sent any more.
      if (!await this.#connection.write(join(pieces))) this.#closing = true;
      this.#unsent -= cost;
    }
    this.#sending = false;
  }
}

/** One piece of all of them: each write is a call into the runtime. */
function join(pieces: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** RFC 6455 §5.5.1. */
function closeContent(code: number | undefined, reason: string): Uint8Array {
  if (code === undefined) return new Uint8Array(0);
  const text = new TextEncoder().encode(reason);
  const content = new Uint8Array(2 + text.length);
  content.set([code >> 8, code & 0xff]);
  content.set(text, 2);
  return content;
}
