import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A TCP connection that can be reset. `Deno.TcpConn` cannot: its `close` sends a FIN first, so that
 * the other side sees an orderly end.
 */
export class ResettableSocket {
  readonly #socket: Socket;
  #received = "";
  #ended = false;
  #wake: () => void = () => {};

  /** @param socket The connection, which from now on belongs to this object. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      this.#received += text;
      this.#wake();
    });
    // "close" follows an error; "end" comes without it while this side is open.
    socket.on("error", () => {});
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  /** Connects to the server of a URL. */
  static async connect(url: string): Promise<ResettableSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve).once("error", reject);
    });
    return new ResettableSocket(socket);
  }

  /** The received and unread bytes, one per character. Waits for some; empty at the end. */
  async read(): Promise<string> {
    while (this.#received === "" && !this.#ended) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const text = this.#received;
    this.#received = "";
    return text;
  }

  /** Reads until this text has arrived, or the connection is over. */
  async readUntil(wanted: string): Promise<string> {
    let text = "";
    while (!text.includes(wanted)) {
      const more = await this.read();
      if (more === "") break;
      text += more;
    }
    return text;
  }

  /**
   * Sends text, each character as one byte.
   *
   * @throws {Error} If the connection is over.
   */
  async write(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(text, "latin1", (error) => error ? reject(error) : resolve());
    });
  }

  /** Puts text back: it is read again next. */
  unread(text: string): void {
    this.#received = text + this.#received;
  }

  /** Sends no more, and still reads. */
  endSending(): void {
    this.#socket.end();
  }

  /** Closes the connection in an orderly way. */
  close(): void {
    this.#socket.end();
    this.#socket.destroy();
  }

  /** Breaks the connection: the other side gets an RST. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Resolves when the connection is over; what still arrives is dropped. */
  async ended(): Promise<void> {
    while (await this.read() !== "");
  }
}

/** Accepts {@linkcode ResettableSocket}s on a free port. */
export class ResettableServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: ResettableSocket[] = [];
  readonly #tasks: Promise<void>[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param serve Serves each connection; an exception ends the connection. */
  static async listen(
    serve: (socket: ResettableSocket) => Promise<void>,
  ): Promise<ResettableServer> {
    const server = createServer({ allowHalfOpen: true });
    const listening = new ResettableServer(server);
    server.on("connection", (connection) => {
      const socket = new ResettableSocket(connection);
      listening.#sockets.push(socket);
      listening.#tasks.push(serve(socket).catch(() => {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return listening;
  }

  /** The server's URL. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.close();
    await Promise.all([closed, ...this.#tasks]);
  }
}
