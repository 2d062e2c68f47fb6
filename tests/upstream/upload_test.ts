import { assertEquals } from "@std/assert";
import type { UpstreamRequest } from "../../src/http1/message.ts";
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
