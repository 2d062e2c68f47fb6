import { until, within } from "./until.ts";

/** How long a script waits for what the other side sends, in milliseconds: as long as any test takes. */
const WAIT_MS = 120_000;

/** One connection to a {@linkcode RawServer}. */
export interface RawConnection {
  /** Everything received so far, each byte as one character. */
  readonly received: () => string;
  /** Waits until what was received contains `text` so many times, or the other side closed. */
  readonly waitFor: (text: string, times?: number) => Promise<string>;
  /** Sends text, each character as one byte, or bytes. */
  readonly send: (data: string | Uint8Array) => Promise<void>;
  /** Closes the connection. */
  readonly close: () => void;
  /** Resolves when the other side has closed or broken the connection. */
  readonly closed: Promise<void>;
}

/**
 * A TCP server that does to each connection exactly what a test says, so that it can be any
 * upstream, misbehaving ones included.
 */
export class RawServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #sockets = new Set<Deno.TcpConn>();
  readonly #done: Promise<void>;
  readonly #tasks: Promise<void>[] = [];
  /** Every connection so far, in the order of their arrival. */
  readonly connections: RawConnection[] = [];

  /** @param script Serves each connection; their numbers begin at 1. */
  constructor(script: (connection: RawConnection, number: number) => Promise<void> | void) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#done = this.#accept(script);
  }

  /** The server's URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** How many connections were accepted. */
  get accepted(): number {
    return this.connections.length;
  }

  /** Waits for a connection; the first one has number 1. */
  async connection(number: number): Promise<RawConnection> {
    await until(`connection ${number}`, () => this.connections.length >= number);
    return this.connections[number - 1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const socket of this.#sockets) close(socket);
    await this.#done;
    await Promise.all(this.#tasks);
  }

  async #accept(
    script: (connection: RawConnection, number: number) => Promise<void> | void,
  ): Promise<void> {
    try {
      for await (const socket of this.#listener) {
        this.#sockets.add(socket);
        const connection = this.#connection(socket);
        this.connections.push(connection);
        this.#tasks.push(this.#run(script, connection, this.accepted));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #run(
    script: (connection: RawConnection, number: number) => Promise<void> | void,
    connection: RawConnection,
    number: number,
  ): Promise<void> {
    try {
      await script(connection, number);
    } catch {
      // The other side went away in the middle of the script, as it may.
    }
  }

  #connection(socket: Deno.TcpConn): RawConnection {
    let text = "";
    let ended = false;
    // Both a script and a test may wait.
    let arrival = Promise.withResolvers<void>();
    function wake(): void {
      arrival.resolve();
      arrival = Promise.withResolvers<void>();
    }
    const closed = (async () => {
      const buffer = new Uint8Array(65_536);
      try {
        for (let n = await socket.read(buffer); n !== null; n = await socket.read(buffer)) {
          text += latin1(buffer.subarray(0, n));
          wake();
        }
      } catch {
        // Broken instead of closed: the same to a test.
      }
      ended = true;
      wake();
    })();
    this.#tasks.push(closed);
    return {
      received: () => text,
      async waitFor(wanted: string, times = 1): Promise<string> {
        while (text.split(wanted).length <= times && !ended) {
          await within(() => `"${wanted}": there is "${text}"`, arrival.promise, WAIT_MS);
        }
        return text;
      },
      async send(data: string | Uint8Array): Promise<void> {
        const bytes = typeof data === "string"
          ? Uint8Array.from(data, (character) => character.charCodeAt(0))
          : data;
        for (let at = 0; at < bytes.length;) at += await socket.write(bytes.subarray(at));
      },
      close: () => close(socket),
      closed,
    };
  }
}

/** A server that answers every request, none of which has content, with this text. */
export function answering(response: string): RawServer {
  return new RawServer(async (connection) => {
    for (let request = 1;; request++) {
      await connection.waitFor("\r\n\r\n", request);
      await connection.send(response);
    }
  });
}

/** A server that answers each connection's first request with this text, and then closes it. */
export function answeringAndClosing(response: string): RawServer {
  return new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(response);
    connection.close();
  });
}

/** A port on which nothing listens. */
export function unusedUrl(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function close(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // Closed already.
  }
}
