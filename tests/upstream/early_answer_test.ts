import { assertEquals } from "@std/assert";
import { makeRequest, makeTransport, textOf } from "../testing/http1_client.ts";
import { until, within } from "../testing/until.ts";
import { contractTest } from "./contract.ts";

/** More than the operating system takes for a server that does not read. */
const CONTENT_BYTES = 32 * 1024 * 1024;

/** A server that answers once it has the head of a request, and reads no further. */
class EarlyServer implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #sockets: Deno.TcpConn[] = [];
  readonly #done: Promise<void>;

  /** @param answer The response. */
  constructor(answer: string) {
    this.#done = this.#accept(new TextEncoder().encode(answer));
  }

  /** Its URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** How many connections it has accepted. */
  get accepted(): number {
    return this.#sockets.length;
  }

  /** Reads what comes on a connection from now on, and resolves when the other side is done. */
  async drain(number: number): Promise<void> {
    const buffer = new Uint8Array(1_048_576);
    try {
      while (await this.#sockets[number - 1]!.read(buffer) !== null);
    } catch {
      // It was broken off: the same to a test.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const socket of this.#sockets) socket.close();
    await this.#done;
  }

  async #accept(answer: Uint8Array): Promise<void> {
    try {
      for await (const socket of this.#listener) {
        this.#sockets.push(socket);
        await socket.read(new Uint8Array(100));
        await socket.write(answer);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

const ANSWERS = {
  "without content": ["HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n", ""],
  "with small content": ["HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig", "big"],
  "in chunks": [
    "HTTP/1.1 413 Too Large\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbig\r\n0\r\n\r\n",
    "big",
  ],
} as const;

for (const [what, [answer, content]] of Object.entries(ANSWERS)) {
  contractTest(`send() returns an answer ${what} while content is unsent`, async (kind) => {
    await using server = new EarlyServer(answer);
    await using transport = kind.make();
    const body = new Uint8Array(CONTENT_BYTES);
    const post = makeRequest({ method: "POST", body, contentLength: body.length });
    const response = await within("the answer", transport.send(server.url, post));
    assertEquals([response.status, await within("its content", textOf(response))], [413, content]);
  });
}

Deno.test("Http1Transport.send() uses no connection again on which content is unsent", async () => {
  for (const [what, [answer]] of Object.entries(ANSWERS)) {
    await using server = new EarlyServer(answer);
    await using transport = makeTransport();
    const body = new Uint8Array(CONTENT_BYTES);
    const post = makeRequest({ method: "POST", body, contentLength: body.length });
    await within(`the answer ${what}`, transport.send(server.url, post).then(textOf));
    assertEquals(transport.connections(server.url), { open: 0, idle: 0 }, what);
    await within(`the end of the connection (${what})`, server.drain(1));
    // Unsent content would precede the next request.
    await within("the next answer", transport.send(server.url, makeRequest()).then(textOf));
    await until("a second connection", () => server.accepted === 2);
  }
});
