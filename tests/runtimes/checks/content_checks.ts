import { assert, assertEquals, assertMatch } from "@std/assert";
import { exchangeRaw } from "../../testing/raw_client.ts";
import { RawServer } from "../../testing/raw_server.ts";
import { RemoteBalancer } from "../remote_balancer.ts";
import type { Check } from "./check.ts";

const MEGABYTE = 1_048_576;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Counts and hashes content, so that one wrong byte is seen. */
async function measure(content: ReadableStream<Uint8Array>): Promise<string> {
  let length = 0;
  let hash = 0;
  for await (const piece of content) {
    length += piece.length;
    for (const byte of piece) hash = (Math.imul(hash, 31) + byte) | 0;
  }
  return `${length} bytes, ${hash}`;
}

/** Content that is made piece by piece when it is asked for. */
class Content {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** How much was asked for so far, in bytes. */
  made = 0;
  /** Resolves when nobody wants the rest. */
  readonly cancelled: Promise<void>;

  constructor(length: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.cancelled = promise;
    this.stream = new ReadableStream({
      pull: (controller) => {
        const piece = new Uint8Array(Math.min(65_536, length - this.made));
        for (let at = 0; at < piece.length; at++) piece[at] = (this.made + at) % 251;
        this.made += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        else controller.close();
      },
      cancel: () => resolve(),
    }, { highWaterMark: 0 });
  }
}

/** A server that does not wait for what is under way when a check is over. */
class Server implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answer: (request: Request) => Response | Promise<Response>) {
    const where = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    const { signal } = this.#abort;
    this.#server = Deno.serve({ ...where, signal, automaticCompression: false }, answer);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}

/** Content that is large, slow, or breaks off. */
export const CONTENT_CHECKS: readonly Check[] = [
  {
    name: "streams large content both ways, with a length and without",
    async run(runtime) {
      const length = 8 * MEGABYTE + 17;
      await using server = new Server(async (request) => {
        if (request.method === "POST") return new Response(await measure(request.body!));
        const known = request.url.endsWith("/known");
        const headers: HeadersInit = known ? { "content-length": String(length) } : {};
        return new Response(new Content(length).stream, { headers });
      });
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const expected = await measure(new Content(length).stream);
      for (const path of ["/known", "/chunked"]) {
        const response = await fetch(balancer.url + path);
        // Bun's own server writes chunks, whatever the response says.
        const known = path === "/known" && runtime.name !== "Bun";
        assertEquals(response.headers.get("content-length"), known ? String(length) : null);
        assertEquals(await measure(response.body!), expected);
      }
      const whole = await new Response(new Content(length).stream).bytes();
      const streamed = { method: "POST", body: new Content(length).stream, duplex: "half" };
      for (const init of [{ method: "POST", body: whole }, streamed]) {
        assertEquals(await (await fetch(balancer.url, init)).text(), expected);
      }
    },
  },
  {
    name: "sends content of a known length with that length",
    async run(runtime) {
      await using server = new RawServer(async (connection) => {
        await connection.waitFor("end");
        await connection.send(OK);
      });
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const body = `${"a".repeat(100_000)}end`;
      await (await fetch(balancer.url, { method: "POST", body })).text();
      const received = server.connections[0]!.received();
      assertMatch(received, /\r\ncontent-length: 100003\r\n/i);
      assertEquals(/transfer-encoding/i.test(received), false);
    },
  },
  {
    name: "takes no more from a server than a slow client reads, and lets go when it leaves",
    async run(runtime) {
      const content = new Content(512 * MEGABYTE);
      await using server = new Server(({ url }) =>
        url.endsWith("/large") ? new Response(content.stream) : new Response("small")
      );
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const large = await fetch(`${balancer.url}/large`);
      const reader = large.body!.getReader();
      await reader.read();
      // Time for as much as would come without a limit.
      for (let i = 0; i < 300; i++) await (await fetch(balancer.url)).text();
      assert(content.made < 128 * MEGABYTE, `${content.made} bytes are on the way`);
      await reader.cancel();
      await content.cancelled;
      await balancer.untilIdle();
    },
  },
  {
    name: "lets a server know when the client leaves before the answer",
    async run(runtime) {
      await using server = new RawServer(() => {});
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const abort = new AbortController();
      const left = fetch(balancer.url, { signal: abort.signal }).catch(() => "left");
      const connection = await server.connection(1);
      await connection.waitFor("\r\n\r\n");
      abort.abort();
      assertEquals(await left, "left");
      await connection.closed;
      await balancer.untilIdle();
    },
  },
  {
    name: "passes on that content breaks off",
    async run(runtime) {
      await using server = new RawServer(async (connection) => {
        await connection.waitFor("\r\n\r\n");
        await connection.send(
          `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"a".repeat(9000)}`,
        );
        connection.close();
      });
      await using balancer = await RemoteBalancer.over(runtime, server.url);
      const answer = await exchangeRaw(
        balancer.url,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
      );
      assert(answer.startsWith("HTTP/1.1 200") || answer.startsWith("HTTP/1.1 502"), answer);
      assert(answer.length < 100_000);
      await balancer.untilIdle();
    },
  },
];
