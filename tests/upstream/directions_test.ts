import { assertEquals } from "@std/assert";
import type { UpstreamRequest } from "../../src/http1/message.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport } from "../testing/http1_client.ts";
import { within } from "../testing/until.ts";
import { RawServer } from "../testing/raw_server.ts";
import { codeOf, contractTest } from "./contract.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const TIMES = { contentTimeout: 2000, responseTimeout: 2000 };

/** A POST whose content a test sends piece by piece. */
class Upload {
  readonly request: UpstreamRequest;
  #content!: ReadableStreamDefaultController<Uint8Array>;

  constructor() {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#content = controller),
    });
    this.request = makeRequest({ method: "POST", body, replayable: false });
  }

  send(text: string): void {
    this.#content.enqueue(new TextEncoder().encode(text));
  }

  close(): void {
    this.#content.close();
  }
}

/** A server that begins its answer as soon as it has the head. */
function answeringEarly(answer: string): RawServer {
  return new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(answer);
  });
}

contractTest("send() times no client that pauses in the response by its upload", async (kind) => {
  const content = "a".repeat(100_000);
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
  await using server = answeringEarly(head + content);
  const clock = new FakeClock();
  await using transport = kind.make({ clock, ...TIMES });
  const upload = new Upload();
  upload.send("first");
  const response = await transport.send(server.url, upload.request);
  upload.send("last");
  upload.close();
  await within("the upload arrives", server.connections[0]!.waitFor("last"));
  await within("its end arrives", server.connections[0]!.waitFor("0\r\n\r\n"));
  await settle();
  // Nobody reads the response meanwhile.
  await clock.advance(10_000);
  const text = new Response(response.body as ReadableStream<Uint8Array>).text();
  assertEquals(await within("the response is read", text), content);
});

contractTest("send() times the server by its response, whatever the client sends", async (kind) => {
  await using server = answeringEarly(CHUNKED);
  const clock = new FakeClock();
  await using transport = kind.make({ clock, ...TIMES });
  const upload = new Upload();
  upload.send("piece 0.");
  const response = await transport.send(server.url, upload.request);
  const failed = codeOf(new Response(response.body as ReadableStream<Uint8Array>).text());
  await settle();
  for (let piece = 1; piece < 3; piece++) {
    await clock.advance(900);
    upload.send(`piece ${piece}.`);
    await within("a piece arrives", server.connections[0]!.waitFor(`piece ${piece}.`));
  }
  await clock.advance(900);
  assertEquals(await within("the response fails", failed), "response_timeout");
});

contractTest("send() times the client by its upload, whatever the server sends", async (kind) => {
  await using server = answeringEarly(CHUNKED);
  const clock = new FakeClock();
  await using transport = kind.make({ clock, ...TIMES });
  const upload = new Upload();
  upload.send("piece 0.");
  const response = await transport.send(server.url, upload.request);
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const connection = server.connections[0]!;
  await within("the piece arrives", connection.waitFor("piece 0."));
  for (let piece = 0; piece < 2; piece++) {
    await connection.send("1\r\na\r\n");
    assertEquals((await within("a piece comes", reader.read())).done, false);
    await settle();
    await clock.advance(900);
  }
  const failed = codeOf(reader.read());
  await settle();
  await clock.advance(900);
  assertEquals(await within("the response fails", failed), "request_timeout");
});

/** A server that answers a request, and reads no more than its head. */
async function serveDeaf(
  listener: Deno.Listener,
  serve: (socket: Deno.Conn) => Promise<void>,
): Promise<void> {
  const socket = await listener.accept();
  const buffer = new Uint8Array(1024);
  for (let text = ""; !text.includes("\r\n\r\n");) {
    const count = await socket.read(buffer);
    text += new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  }
  await serve(socket);
}

Deno.test("Http1Transport.send() lets a server that answers leave the upload unread", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { promise: accepted, resolve } = Promise.withResolvers<Deno.Conn>();
  const served = serveDeaf(listener, async (socket) => {
    await socket.write(new TextEncoder().encode(CHUNKED));
    resolve(socket);
  });
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, ...TIMES });
  let taken = 0;
  const piece = new Uint8Array(65_536);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      taken += piece.length;
      controller.enqueue(piece.slice());
    },
  }, { highWaterMark: 0 });
  const request = makeRequest({ method: "POST", body, replayable: false });
  const { port } = listener.addr as Deno.NetAddr;
  const response = await transport.send(`http://127.0.0.1:${port}`, request);
  using socket = await accepted;
  await served;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  // The upload stands still at the end of each round, as the kernel has all that it takes.
  for (let round = 0, before = -1; round < 5 || taken > before; round++) {
    before = taken;
    await socket.write(new TextEncoder().encode("1\r\na\r\n"));
    assertEquals((await within("a piece comes", reader.read())).done, false);
    await settle();
    await clock.advance(1500);
  }
  await reader.cancel();
});

Deno.test("Http1Transport.send() gives up a server that reads nothing and does not answer", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const served = serveDeaf(listener, async (socket) => {
    await held;
    socket.close();
  });
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, ...TIMES });
  const piece = new Uint8Array(65_536);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(piece.slice()),
  }, { highWaterMark: 0 });
  const request = makeRequest({ method: "POST", body, replayable: false });
  const { port } = listener.addr as Deno.NetAddr;
  let over = false;
  const failed = codeOf(transport.send(`http://127.0.0.1:${port}`, request))
    .finally(() => over = true);
  for (let round = 0; round < 1000 && !over; round++) {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    await clock.advance(1000);
  }
  assertEquals(await within("it fails", failed), "response_timeout");
  release();
  await served;
});
