import { assertEquals, assertRejects } from "@std/assert";
import { BalancerError } from "../../src/core/errors.ts";
import type { UpstreamRequest } from "../../src/transport/transport.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport } from "../testing/http1_client.ts";
import { RawServer } from "../testing/raw_server.ts";

/** A POST whose content a test sends piece by piece. */
function makeUpload(): {
  request: UpstreamRequest;
  content: ReadableStreamDefaultController<Uint8Array>;
} {
  let content!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => void (content = controller),
  });
  return { request: makeRequest({ method: "POST", body, replayable: false }), content };
}

async function failure(promise: Promise<unknown>): Promise<[code: string, source: string]> {
  const { code, source } = await assertRejects(() => promise, BalancerError);
  return [code, source];
}

Deno.test("Http1Transport.send() blames the client that stands still in its upload", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, contentTimeout: 2000, responseTimeout: 5000 });
  const { request, content } = makeUpload();
  const failed = failure(transport.send(server.url, request));
  content.enqueue(new Uint8Array(3));
  await (await server.connection(1)).waitFor("3\r\n");
  await settle();
  await clock.advance(2200);
  assertEquals(await failed, ["request_timeout", "downstream"]);
  await server.connections[0]!.closed;
});

Deno.test("Http1Transport.send() blames the server that is silent once it has everything", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, contentTimeout: 1e9, responseTimeout: 2000 });
  const { request, content } = makeUpload();
  const failed = failure(transport.send(server.url, request));
  content.close();
  await (await server.connection(1)).waitFor("0\r\n\r\n");
  await settle();
  await clock.advance(2200);
  assertEquals(await failed, ["response_timeout", "upstream"]);
});

Deno.test("Http1Transport.send() gives the client its time when the upload ends in the response", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n" + "a".repeat(70_000));
  });
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, contentTimeout: 1e9, responseTimeout: 2000 });
  const { request, content } = makeUpload();
  const response = await transport.send(server.url, request);
  content.close();
  await server.connections[0]!.waitFor("0\r\n\r\n");
  await settle();
  // Nobody asks for the content meanwhile.
  await clock.advance(10_000);
  assertEquals((await new Response(response.body).text()).length, 70_000);
});
