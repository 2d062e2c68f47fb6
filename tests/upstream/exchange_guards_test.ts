import { assertEquals } from "@std/assert";
import { Cancellation } from "../../src/runtime/cancellation.ts";
import { BalancerError } from "../../src/model/errors.ts";
import type { TransferRecord } from "../../src/upstream/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, streamOf, textOf } from "../testing/http1_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { until, within } from "../testing/until.ts";
import { codeOf } from "./contract.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKS = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";

/** A record in which nothing is noted yet. */
function makeRecord(): TransferRecord {
  return { connection: "none", connectTime: 0, bytesSent: 0, bytesReceived: 0, failure: undefined };
}

Deno.test("Http1Transport.send() uses no connection again whose upload it has not finished", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([0x61])),
  });
  const upload = makeRequest({ method: "POST", body, replayable: false });
  assertEquals(await textOf(await transport.send(server.url, upload)), "ok");
  assertEquals(transport.connections(server.url), { open: 0, idle: 0 });
  await within("the end of the connection", server.connections[0]!.closed);
  // Missing content must not look like the end of the content.
  assertEquals(server.connections[0]!.received().endsWith("0\r\n\r\n"), false);
});

Deno.test("Http1Transport.send() uses the connection of an upload again that it has finished", async () => {
  await using server = new RawServer(async (connection) => {
    for (let times = 1;; times++) {
      await connection.waitFor("abc\r\n0\r\n\r\n", times);
      await connection.send(OK);
    }
  });
  await using transport = makeTransport();
  for (let i = 0; i < 2; i++) {
    const upload = makeRequest({ method: "POST", body: streamOf("abc"), replayable: false });
    assertEquals(await textOf(await transport.send(server.url, upload)), "ok");
  }
  assertEquals(server.accepted, 1);
});

Deno.test("Http1Transport.send() sends nothing for a client that has left already", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  await textOf(await transport.send(server.url, makeRequest()));
  const sent = server.connections[0]!.received();
  const cancellation = new Cancellation();
  cancellation.cancel(new BalancerError("client_gone", "It has left", { source: "downstream" }));
  // One that is open, and one that would have to be made.
  for (let i = 0; i < 2; i++) {
    const late = transport.send(server.url, makeRequest({ target: "/late" }), { cancellation });
    assertEquals(await within("the end", codeOf(late)), "client_gone");
  }
  await within("the end of the connection", server.connections[0]!.closed);
  assertEquals([server.connections[0]!.received(), server.accepted], [sent, 1]);
});

Deno.test("Http1Transport.send() replaces a stale connection once, and keeps none of it", async () => {
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor("\r\n\r\n");
    if (number === 1) await connection.send(OK);
    if (number === 1) await connection.waitFor("/2");
    connection.close();
  });
  await using transport = makeTransport();
  await textOf(await transport.send(server.url, makeRequest({ target: "/1" })));
  const again = transport.send(server.url, makeRequest({ target: "/2" }));
  assertEquals(await within("the end", codeOf(again)), "closed_early");
  assertEquals([server.accepted, transport.connections(server.url).open], [2, 0]);
});

Deno.test("UpstreamResponse.discard() leaves a connection alone whose response was read", async () => {
  for (const answer of [OK, CHUNKS]) {
    await using server = answering(answer);
    await using transport = makeTransport();
    const response = await transport.send(server.url, makeRequest());
    assertEquals(await textOf(response), "ok");
    response.discard();
    response.discard();
    assertEquals(transport.connections(server.url), { open: 1, idle: 1 });
    await textOf(await transport.send(server.url, makeRequest()));
    assertEquals(server.accepted, 1);
  }
});

Deno.test("Http1Transport.send() notes whether the connection was new, and what was transferred", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  const uses: string[] = [];
  for (let i = 0; i < 2; i++) {
    const record = makeRecord();
    const body = new Uint8Array(3);
    const post = makeRequest({ method: "POST", body, contentLength: 3, replayable: false });
    await textOf(await transport.send(server.url, post, { record }));
    uses.push(record.connection);
    assertEquals([record.bytesSent, record.bytesReceived], [3, 2]);
  }
  await until("one connection", () => server.accepted === 1);
  assertEquals(uses, ["new", "reused"]);
});

Deno.test("Http1Transport.send() keeps no connection that was made for one request", async () => {
  await using server = answering(OK);
  await using transport = makeTransport();
  const options = { freshConnection: true };
  await textOf(await transport.send(server.url, makeRequest(), options));
  // The server leaves it open, though it was told to close it.
  assertEquals(transport.connections(server.url), { open: 0, idle: 0 });
});

Deno.test("Http1Transport.send() sends nothing again after a timeout or half a response", async () => {
  for (const answer of ["", "HTTP/1.1 200 "]) {
    await using server = new RawServer(async (connection) => {
      await connection.waitFor("/1 HTTP/1.1\r\n\r\n");
      await connection.send(OK);
      await connection.waitFor("/2 HTTP/1.1\r\n\r\n");
      if (answer === "") return;
      await connection.send(answer);
      connection.close();
    });
    const clock = new FakeClock();
    await using transport = makeTransport({ clock, responseTimeout: 2000 });
    const request = (target: string) =>
      transport.send(server.url, makeRequest({ target, headers: [] }));
    await textOf(await request("/1"));
    const failed = codeOf(request("/2"));
    await server.connections[0]!.waitFor("/2 HTTP/1.1\r\n\r\n");
    if (answer === "") await clock.advance(2200);
    assertEquals(
      await within("the end", failed),
      answer === "" ? "response_timeout" : "incomplete",
    );
    assertEquals(server.accepted, 1);
  }
});

Deno.test("Http1Transport.send() closes the connection whose content breaks HTTP", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
  await using transport = makeTransport();
  const response = await transport.send(server.url, makeRequest());
  assertEquals(await codeOf(textOf(response)), "bad_response");
  assertEquals(transport.connections(server.url), { open: 0, idle: 0 });
});

Deno.test("a cancellation that comes after the response leaves its connection alone", async () => {
  for (const answer of [OK, CHUNKS]) {
    await using server = answering(answer);
    await using transport = makeTransport();
    const cancellation = new Cancellation();
    await textOf(await transport.send(server.url, makeRequest(), { cancellation }));
    cancellation.cancel(new BalancerError("client_gone", "It has left", { source: "downstream" }));
    assertEquals(transport.connections(server.url), { open: 1, idle: 1 });
  }
});
