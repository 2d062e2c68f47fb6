import { pem } from "../testing/certificates.ts";
import { within } from "../testing/until.ts";

/** The types of frames (RFC 9113 §6). */
const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  window: 8,
} as const;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;
const CANCEL = 8;
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** `:status: 200` in HPACK's static table (RFC 7541 §6.1, Appendix A). */
const STATUS_200 = 0x88;

/** How a client speaks HTTP/2: known beforehand (h2c), or agreed on in the TLS handshake (ALPN). */
export type Http2Over = "cleartext" | "tls";

/** A request, where it is not a GET of `/` without content. */
export interface Http2Request {
  /** The method. Default: GET. */
  readonly method?: string;
  /** The Content-Length. Default: none is given. */
  readonly contentLength?: number;
  /** A field beside those that every request has. Default: none. */
  readonly field?: readonly [name: string, value: string];
  /** Whether nothing follows its fields. Default: true. */
  readonly end?: boolean;
}

/** A stream, as far as the server has answered on it. */
export interface Http2Stream {
  /** Whether a response has begun, with status 200. */
  readonly ok: boolean;
  /** Whether it is over: the response is complete, or the server has reset it. */
  readonly over: boolean;
  /** Whether the server has reset it. */
  readonly reset: boolean;
}

/**
 * A client's HTTP/2 connection (RFC 9113), frame by frame: when a stream is reset, and by whom, is
 * what is tested, and no library lets a test say that.
 */
export class Http2Connection implements Disposable {
  readonly #socket: Deno.Conn;
  readonly #streams = new Map<number, { ok: boolean; over: boolean; reset: boolean }>();
  readonly #writing: Uint8Array<ArrayBuffer>[] = [];
  #written: Promise<void> = Promise.resolve();
  #next = 1;
  /** Whether the server has closed it, or said that it takes no more streams (GOAWAY). */
  over = false;

  private constructor(socket: Deno.Conn) {
    this.#socket = socket;
    this.#read();
  }

  /** Connects to the server of a URL, and begins to speak HTTP/2. */
  static async open(url: string, over: Http2Over = "cleartext"): Promise<Http2Connection> {
    const { hostname, port } = new URL(url);
    const address = { hostname, port: Number(port) };
    let socket: Deno.Conn;
    if (over === "tls") {
      const tls = await Deno.connectTls({
        ...address,
        caCerts: [pem("ca.crt")],
        alpnProtocols: ["h2"],
      });
      const { alpnProtocol } = await within("the TLS handshake", tls.handshake());
      if (alpnProtocol !== "h2") throw new Error(`The server speaks ${alpnProtocol}, and not h2`);
      socket = tls;
    } else {
      const tcp = await Deno.connect(address);
      tcp.setNoDelay(true);
      socket = tcp;
    }
    const connection = new Http2Connection(socket);
    connection.#push(new TextEncoder().encode(PREFACE));
    await connection.#write(FRAME.settings, 0, { stream: 0 });
    return connection;
  }

  /**
   * Puts a request on its way. Frames that are put on their way in the same turn go in one piece.
   *
   * @returns The number of its stream.
   */
  request({ method = "GET", contentLength, field, end = true }: Http2Request = {}): number {
    const stream = this.#next;
    this.#next += 2;
    this.#streams.set(stream, { ok: false, over: false, reset: false });
    const fields = [[":method", method], [":scheme", "http"], [":path", "/"], [":authority", "a"]];
    if (contentLength !== undefined) fields.push(["content-length", String(contentLength)]);
    if (field !== undefined) fields.push([...field]);
    const flags = END_HEADERS | (end ? END_STREAM : 0);
    this.#write(FRAME.headers, flags, { stream, payload: fieldBlock(fields) });
    return stream;
  }

  /** Sends content. */
  data(stream: number, text: string, end = false): void {
    const payload = new TextEncoder().encode(text);
    this.#write(FRAME.data, end ? END_STREAM : 0, { stream, payload });
  }

  /** Resets a stream (RFC 9113 §6.4). */
  reset(stream: number): void {
    this.#write(FRAME.reset, 0, { stream, payload: new Uint8Array([0, 0, 0, CANCEL]) });
  }

  /**
   * Makes the server reset a stream: a window that grows by nothing is an error of the stream (RFC
   * 9113 §6.9). It costs the client as little as a reset of its own (CVE-2025-8671).
   */
  provokeReset(stream: number): void {
    this.#write(FRAME.window, 0, { stream, payload: new Uint8Array(4) });
  }

  /** How far the server has answered on a stream. */
  stream(number: number): Http2Stream {
    return this.#streams.get(number) ?? { ok: false, over: true, reset: false };
  }

  /** Resolves when all that was put on its way has gone out, or cannot any more. */
  async flushed(): Promise<void> {
    await this.#written;
  }

  /** Closes the connection, with whatever is under way on it. */
  close(): void {
    this.over = true;
    try {
      this.#socket.close();
    } catch {
      // The server has closed it.
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(
    type: number,
    flags: number,
    { stream, payload = new Uint8Array(0) }: { stream: number; payload?: Uint8Array },
  ): Promise<void> {
    const bytes = new Uint8Array(9 + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, payload.length << 8 | type);
    view.setUint8(4, flags);
    view.setUint32(5, stream);
    bytes.set(payload, 9);
    return this.#push(bytes);
  }

  #push(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#writing.push(bytes);
    if (this.#writing.length === 1) this.#written = this.#written.then(() => this.#send());
    return this.#written;
  }

  async #send(): Promise<void> {
    const bytes = new Uint8Array(await new Blob(this.#writing.splice(0)).arrayBuffer());
    try {
      for (let at = 0; at < bytes.length;) at += await this.#socket.write(bytes.subarray(at));
    } catch {
      this.over = true;
    }
  }

  async #read(): Promise<void> {
    let bytes = new Uint8Array(0);
    const buffer = new Uint8Array(65_536);
    try {
      for (
        let n = await this.#socket.read(buffer);
        n !== null;
        n = await this.#socket.read(buffer)
      ) {
        const all = new Uint8Array(bytes.length + n);
        all.set(bytes);
        all.set(buffer.subarray(0, n), bytes.length);
        bytes = all.subarray(this.#takeFrames(all));
      }
    } catch {
      // It was closed from here, or broken: the same to a test.
    }
    this.over = true;
  }

  /** Reads all whole frames, and tells where they end. */
  #takeFrames(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    while (at + 9 <= bytes.length) {
      const length = view.getUint32(at) >>> 8;
      if (at + 9 + length > bytes.length) break;
      const payload = bytes.subarray(at + 9, at + 9 + length);
      this.#take(
        { type: bytes[at + 3]!, flags: bytes[at + 4]!, number: view.getUint32(at + 5) },
        payload,
      );
      at += 9 + length;
    }
    return at;
  }

  #take(
    { type, flags, number }: { type: number; flags: number; number: number },
    payload: Uint8Array,
  ): void {
    if (type === FRAME.goAway) this.over = true;
    if (type === FRAME.settings && (flags & ACK) === 0) {
      this.#write(FRAME.settings, ACK, { stream: 0 });
    }
    if (type === FRAME.ping && (flags & ACK) === 0) {
      this.#write(FRAME.ping, ACK, { stream: 0, payload: payload.slice() });
    }
    const stream = this.#streams.get(number);
    if (stream === undefined) return;
    if (type === FRAME.reset) stream.reset = stream.over = true;
    if (type === FRAME.headers) stream.ok ||= payload[0] === STATUS_200;
    const ends = type === FRAME.headers || type === FRAME.data;
    if (ends && (flags & END_STREAM) !== 0) stream.over = true;
  }
}

/** Fields in HPACK as literals without indexing and without Huffman coding (RFC 7541 §6.2.2). */
function fieldBlock(fields: readonly (readonly string[])[]): Uint8Array {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  for (const field of fields) {
    bytes.push(0);
    // Each is shorter than 127 bytes, so that its length takes one byte (RFC 7541 §5.1).
    for (const text of field) bytes.push(text.length, ...encoder.encode(text));
  }
  return new Uint8Array(bytes);
}
