import { encodeLatin1 } from "../http1/latin1.ts";

/** How much is read at a time while a response head is awaited, in bytes. */
const BUFFER_BYTES = 16_384;
/** How much room there is for a request head at first, in bytes. */
const OUT_BYTES = 1024;
/** How much is read at a time while content streams, in bytes. */
const CHUNK_BYTES = 262_144;
const NO_BYTES = new Uint8Array(0);

/**
 * One connection to a server: bytes out, bytes in through a buffer, and a watch while it is idle.
 * It knows nothing of HTTP.
 */
export class Connection {
  readonly #socket: Deno.Conn;
  readonly #onClose: (connection: Connection) => void;
  /** Where bytes arrive: those from {@linkcode from} to {@linkcode to} are not consumed yet. */
  buffer: Uint8Array<ArrayBuffer> = new Uint8Array(BUFFER_BYTES);
  /** Where in the buffer the bytes that are not consumed begin. */
  from = 0;
  /** Where in the buffer they end. */
  to = 0;
  #out = new Uint8Array(OUT_BYTES);
  #outLength = 0;
  #unsent = false;
  #readAhead: Promise<boolean> | undefined;
  #onIdleEnd: ((connection: Connection) => void) | undefined;
  #closed = false;
  #broken = false;
  #rests = false;
  /** When the connection was last put aside, in the clock's milliseconds. */
  idleSince = 0;

  /**
   * @param socket The open connection, which from now on belongs to this object.
   * @param onClose Called once when the connection is closed from this side.
   */
  constructor(socket: Deno.Conn, onClose: (connection: Connection) => void) {
    this.#socket = socket;
    this.#onClose = onClose;
  }

  /** Whether what was written last has not gone out: it is still under way, or it failed. */
  get unsent(): boolean {
    return this.#unsent;
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether it ended otherwise than by the server's orderly close: reset, or closed from here. */
  get broken(): boolean {
    return this.#broken || this.#closed;
  }

  /** How many bytes have arrived and are not consumed. */
  get buffered(): number {
    return this.to - this.from;
  }

  /** Consumes the first `count` of the bytes that have arrived; they stay until the next read. */
  view(count: number): Uint8Array<ArrayBuffer> {
    const bytes = this.buffer.subarray(this.from, this.from + count);
    this.from += count;
    return bytes;
  }

  /** Consumes the first `count` of the bytes that have arrived, as the caller's own. */
  take(count: number): Uint8Array<ArrayBuffer> {
    return this.view(count).slice();
  }

  /** Makes sure that `count` bytes, with those that have arrived, have room in one piece. */
  reserve(count: number): void {
    if (this.from + count <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(count, this.buffer.length));
    larger.set(this.buffer.subarray(this.from, this.to));
    this.buffer = larger;
    this.to -= this.from;
    this.from = 0;
  }

  /**
   * Waits for more bytes and puts them behind those that have arrived, which may move.
   *
   * @returns False when the server has closed or broken the connection.
   */
  fill(): Promise<boolean> {
    const readAhead = this.#readAhead;
    if (readAhead !== undefined) {
      this.#readAhead = undefined;
      return readAhead;
    }
    this.#makeRoom();
    return this.#read(this.to === 0 ? this.buffer : this.buffer.subarray(this.to));
  }

  /**
   * The next bytes, as the caller's own: what has arrived, else what arrives next.
   *
   * @param limit The most bytes to return.
   * @returns Undefined when the server has closed or broken the connection.
   */
  next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.buffered > 0) return Promise.resolve(this.take(Math.min(limit, this.buffered)));
    if (this.#readAhead !== undefined) {
      return this.fill().then((more) => more ? this.next(limit) : undefined);
    }
    // Straight into memory that is handed on, so that large content is not copied.
    const chunk = new Uint8Array(Math.min(limit, CHUNK_BYTES));
    return this.#socket.read(chunk).then(
      (count) => count === null ? undefined : chunk.subarray(0, count),
      () => {
        this.#broken = true;
        return undefined;
      },
    );
  }

  /** Lets go of the memory for bytes that arrive, if there are none; it comes back when needed. */
  releaseBuffer(): void {
    if (this.buffered > 0 || this.#readAhead !== undefined) return;
    this.buffer = NO_BYTES;
    this.from = this.to = 0;
  }

  /**
   * Writes text, each character as one byte, and bytes behind it, in one piece. What was written
   * before must have gone out.
   *
   * @returns False when the server has closed or broken the connection.
   */
  writeText(text: string, bytes: Uint8Array | null = null): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const length = text.length + (bytes?.length ?? 0);
    if (this.#out.length < length) this.#out = new Uint8Array(2 ** Math.ceil(Math.log2(length)));
    encodeLatin1(text, this.#out);
    if (bytes !== null) this.#out.set(bytes, text.length);
    this.#outLength = length;
    this.#unsent = true;
    return this.#socket.write(this.#out.subarray(0, length)).then(this.#wrote, this.#writeFailed);
  }

  /**
   * Writes all the bytes.
   *
   * @returns False when the server has closed or broken the connection.
   */
  async write(bytes: Uint8Array): Promise<boolean> {
    this.#unsent = true;
    try {
      let written = await this.#socket.write(bytes);
      while (written < bytes.length) written += await this.#socket.write(bytes.subarray(written));
      this.#unsent = false;
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Watches the idle connection through a read that stays pending: the server's close is noticed
   * when it happens, not by the next request, and the read becomes that request's first one.
   *
   * @param onEnd Called once if the server closes the connection or sends anything while it is
   * idle. Both make it useless: bytes that nobody asked for must not become the answer to the next
   * request.
   */
  watch(onEnd: (connection: Connection) => void): void {
    this.#onIdleEnd = onEnd;
    this.from = 0;
    this.to = 0;
    // An idle connection does not keep a buffer that a large message made grow.
    if (this.buffer.length !== BUFFER_BYTES) this.buffer = new Uint8Array(BUFFER_BYTES);
    if (this.#out.length > BUFFER_BYTES) this.#out = new Uint8Array(OUT_BYTES);
    this.#readAhead = this.#read(this.buffer);
  }

  /** Ends the watch: a request is about to use the connection. */
  unwatch(): void {
    this.#onIdleEnd = undefined;
    if (!this.#rests) return;
    this.#rests = false;
    this.#socket.ref();
  }

  /** Lets the process end while this is open, until a request uses it. */
  rest(): void {
    if (this.#rests || this.#closed) return;
    this.#rests = true;
    this.#socket.unref();
  }

  /** Closes the connection at once. A pending read or write ends. Harmless a second time. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onIdleEnd = undefined;
    this.#onClose(this);
    try {
      this.#socket.close();
    } catch {
      // The socket was closed underneath; there is nothing left to release.
    }
  }

  #read(into: Uint8Array): Promise<boolean> {
    return this.#socket.read(into).then(this.#arrived, this.#broke);
  }

  // One of each for all reads and writes of the connection: they are on every request's way.

  readonly #arrived = (count: number | null): boolean => {
    if (count !== null) this.to += count;
    this.#onIdleEnd?.(this);
    return count !== null;
  };

  readonly #broke = (): boolean => {
    this.#broken = true;
    this.#onIdleEnd?.(this);
    return false;
  };

  readonly #wrote = (count: number): boolean | Promise<boolean> => {
    if (count < this.#outLength) return this.write(this.#out.subarray(count, this.#outLength));
    this.#unsent = false;
    return true;
  };

  readonly #writeFailed = (): boolean => false;

  /** Makes sure that there is room behind the bytes that have arrived. */
  #makeRoom(): void {
    if (this.from > 0) {
      this.buffer.copyWithin(0, this.from, this.to);
      this.to -= this.from;
      this.from = 0;
    }
    if (this.to < this.buffer.length) return;
    const larger = new Uint8Array(Math.max(this.buffer.length * 2, BUFFER_BYTES));
    larger.set(this.buffer);
    this.buffer = larger;
  }
}
