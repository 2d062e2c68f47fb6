/** The results of a {@linkcode KeepAliveClient}. */
export interface KeepAliveCounts {
  /** How many were answered with 200. */
  answered: number;
  /** How many were not, by what went wrong. */
  readonly lost: string[];
  /** How many answers said that the connection would be closed. */
  closes: number;
}

/**
 * A client that sends one request after the other on one HTTP/1.1 connection, and makes another one
 * when the server says that this one is about to be closed, as RFC 9112 §9.6 wants it. It repeats
 * nothing, so that each connection that is closed without a word costs it a request.
 */
export class KeepAliveClient implements Disposable {
  readonly #connect: () => Promise<Deno.Conn>;
  #connection: Deno.Conn | undefined;
  /** The results so far. */
  readonly counts: KeepAliveCounts = { answered: 0, lost: [], closes: 0 };

  /** @param connect Makes a connection. */
  constructor(connect: () => Promise<Deno.Conn>) {
    this.#connect = connect;
  }

  /** Sends one request, and waits for the answer, which has a Content-Length. */
  async request(): Promise<void> {
    const { counts } = this;
    try {
      const connection = this.#connection ??= await this.#connect();
      await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
      const head = await this.#answer(connection);
      if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head.slice(0, 100));
      counts.answered++;
      if (!/^connection: close$/im.test(head)) return;
      counts.closes++;
    } catch (error) {
      counts.lost.push(String(error));
    }
    this.#close();
  }

  /** Closes its connection. */
  [Symbol.dispose](): void {
    this.#close();
  }

  async #answer(connection: Deno.Conn): Promise<string> {
    const buffer = new Uint8Array(16_384);
    for (let text = "";;) {
      const count = await connection.read(buffer);
      if (count === null) throw new Error(`closed after ${text.length} bytes`);
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const end = text.indexOf("\r\n\r\n") + 4;
      const length = Number(/^content-length: ([0-9]+)\r$/im.exec(text)?.[1]);
      if (end > 3 && text.length >= end + length) return text.slice(0, end).replaceAll("\r", "");
    }
  }

  #close(): void {
    try {
      this.#connection?.close();
    } catch {
      // It was closed underneath.
    }
    this.#connection = undefined;
  }
}
