import { certificate, type CertificateName } from "./certificates.ts";

/** Answers each request, none of which has content, with this text. */
export class TlsServer implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #connections: Deno.TlsConn[] = [];
  readonly #tasks: Promise<void>[] = [];
  readonly #done: Promise<void>;
  /** The protocol of each connection, as it was agreed on. */
  readonly protocols: (string | null)[] = [];

  /**
   * @param name The certificate to show.
   * @param response The response.
   * @param close Whether each connection is closed after one response.
   */
  constructor(name: CertificateName, response: string, close = false) {
    this.#listener = Deno.listenTls({
      hostname: "127.0.0.1",
      port: 0,
      alpnProtocols: ["h2", "http/1.1"],
      ...certificate(name),
    });
    this.#done = this.#accept(response, close);
  }

  /** Its port. */
  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** Its URL. */
  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.all([this.#done, ...this.#tasks]);
  }

  async #accept(response: string, closes: boolean): Promise<void> {
    try {
      for await (const connection of this.#listener) {
        this.#connections.push(connection);
        this.#tasks.push(this.#answer(connection, response, closes).catch(() => {}));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #answer(connection: Deno.TlsConn, response: string, closes: boolean): Promise<void> {
    const { alpnProtocol } = await connection.handshake();
    this.protocols.push(alpnProtocol);
    const buffer = new Uint8Array(16_384);
    while (await connection.read(buffer) !== null) {
      await connection.write(new TextEncoder().encode(response));
      if (!closes) continue;
      await connection.closeWrite();
      return;
    }
  }
}

/** A TCP relay in front of a port, which can cut its connections in two without a word of TLS. */
export class CuttingRelay implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets: Deno.TcpConn[] = [];
  readonly #tasks: Promise<void>[] = [];
  readonly #done: Promise<void>;

  /** @param port Where what arrives is sent to. */
  constructor(port: number) {
    this.#done = this.#accept(port);
  }

  /** The URL of the relay. */
  get url(): string {
    return `https://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Closes all connections. */
  cut(): void {
    for (const socket of this.#sockets) close(socket);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await Promise.all([this.#done, ...this.#tasks]);
  }

  async #accept(port: number): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({ hostname: "127.0.0.1", port });
        this.#sockets.push(client, server);
        this.#tasks.push(copy(client, server), copy(server, client));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

async function copy(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  await from.readable.pipeTo(to.writable).catch(() => {});
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
