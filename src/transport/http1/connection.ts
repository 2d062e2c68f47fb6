/** How much is read at a time while a response head is awaited, in bytes. */
const BUFFER_BYTES = 16_384;
/** How much is read at a time while content streams, in bytes. */
const CHUNK_BYTES = 65_536;

/**
 * One connection to a server: bytes out, bytes in through a buffer, and a watch while it is idle.
 * It knows nothing of HTTP.
 */
export class Connection {
  readonly #socket: Deno.Conn;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #from = 0;
  #to = 0;
  #readAhead: Promise<number> | undefined;
  #onIdleEnd: (() => void) | undefined;
  #closed = false;
  /** When the connection was last put aside, in the clock's milliseconds. */
  idleSince = 0;
  /** Whether it has carried a request before. */
  reused = false;

  /** @param socket The open connection, which from now on belongs to this object. */
  constructor(socket: Deno.Conn) {
    this.#socket = socket;
  }

  /** Whether {@linkcode close} was called. */
  get closed(): boolean {
    return this.#closed;
  }

  /** How many bytes have arrived and are not consumed. */
  get buffered(): number {
    return this.#to - this.#from;
  }

  /** The bytes that have arrived and are not consumed; valid until the next call. */
  peek(): Uint8Array {
    return this.#buffer.subarray(this.#from, this.#to);
  }

  /** Takes note that the first `count` of the bytes that have arrived are dealt with. */
  consume(count: number): void {
    this.#from += count;
  }

  /** The first `count` of the bytes that have arrived, as the caller's own. */
  take(count: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#buffer.slice(this.#from, this.#from + count);
    this.#from += count;
    return bytes;
  }

  /**
   * Waits for more bytes and adds them to those that {@linkcode peek} shows.
   *
   * @returns False when the server has closed or broken the connection.
   */
  async fill(): Promise<boolean> {
    let count: number;
    if (this.#readAhead !== undefined) {
      count = await this.#readAhead;
      this.#readAhead = undefined;
    } else {
      this.#makeRoom();
      count = await this.#read(this.#buffer.subarray(this.#to));
    }
    this.#to += count;
    return count > 0;
  }

  /**
   * The next bytes, as the caller's own: what has arrived, else what arrives next.
   *
   * @param limit The most bytes to return.
   * @returns Undefined when the server has closed or broken the connection.
   */
  async next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.buffered === 0 && this.#readAhead === undefined) {
      // Straight into memory that is handed on, so that large content is not copied.
      const chunk = new Uint8Array(Math.min(limit, CHUNK_BYTES));
      const count = await this.#read(chunk);
      return count > 0 ? chunk.subarray(0, count) : undefined;
    }
    if (this.buffered === 0 && !await this.fill()) return undefined;
    return this.take(Math.min(limit, this.buffered));
  }

  /**
   * Writes all the bytes.
   *
   * @throws If the server has closed or broken the connection.
   */
  async write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length;) {
      from += await this.#socket.write(from === 0 ? bytes : bytes.subarray(from));
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
  watch(onEnd: () => void): void {
    this.#onIdleEnd = onEnd;
    this.#from = 0;
    this.#to = 0;
    this.#readAhead = this.#read(this.#buffer);
    this.#readAhead.then(() => this.#onIdleEnd?.());
  }

  /** Ends the watch: a request is about to use the connection. */
  unwatch(): void {
    this.#onIdleEnd = undefined;
    this.reused = true;
  }

  /** Closes the connection at once. A pending read or write ends. Harmless a second time. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onIdleEnd = undefined;
    try {
      this.#socket.close();
    } catch {
      // The socket was closed underneath; there is nothing left to release.
    }
  }

  /** Reads; 0 when the connection is at its end, for whatever reason. */
  async #read(into: Uint8Array): Promise<number> {
    try {
      return await this.#socket.read(into) ?? 0;
    } catch {
      return 0;
    }
  }

  /** Makes sure that there is room behind the bytes that have arrived. */
  #makeRoom(): void {
    if (this.#from > 0) {
      this.#buffer.copyWithin(0, this.#from, this.#to);
      this.#to -= this.#from;
      this.#from = 0;
    }
    if (this.#to < this.#buffer.length) return;
    const larger = new Uint8Array(this.#buffer.length * 2);
    larger.set(this.#buffer);
    this.#buffer = larger;
  }
}
