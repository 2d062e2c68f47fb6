import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { acceptFor } from "../../src/upstream/websocket_handshake.ts";
import type { UpstreamSocket } from "../../src/upstream/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { makeRequest, makeTransport, textOf } from "../testing/http1_client.ts";
import { type RawConnection, RawServer } from "../testing/raw_server.ts";

const REQUEST = makeRequest({
  target: "/chat",
  headers: [
    ["host", "example.com"],
    ["sec-websocket-key", "the client's"],
    ["sec-websocket-extensions", "permessage-deflate"],
    ["sec-websocket-protocol", "chat, superchat"],
  ],
});

/** Answers a request for a WebSocket with 101 and these fields; "ACCEPT" stands for the right value. */
async function answer(
  connection: RawConnection,
  fields: Record<string, string> = {},
): Promise<void> {
  const head = await connection.waitFor("\r\n\r\n");
  const key = head.split("\r\n").find((line) => line.startsWith("sec-websocket-key: "))!.slice(19);
  const accept = await acceptFor(key);
  const all = { "Upgrade": "WebSocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": "ACCEPT" };
  const lines = Object.entries({ ...all, ...fields }).filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}: ${value.replace("ACCEPT", accept)}\r\n`);
  await connection.send(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
}

Deno.test("acceptFor() computes what RFC 6455 §1.3 has for an example", async () => {
  assertEquals(await acceptFor("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

Deno.test("Http1Transport.upgrade() writes its own handshake, and passes the rest on", async () => {
  await using server = new RawServer((connection) =>
    answer(connection, { "Sec-WebSocket-Protocol": "superchat", "Set-Cookie": "a=1" })
  );
  await using transport = makeTransport();
  const socket = await transport.upgrade(server.url, REQUEST);
  assert("receive" in socket);
  assertEquals(socket.headers, [["sec-websocket-protocol", "superchat"], ["set-cookie", "a=1"]]);
  const received = server.connections[0]!.received();
  assertMatch(
    received,
    /^GET \/chat HTTP\/1\.1\r\nhost: example\.com\r\nsec-websocket-protocol: chat, superchat\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: [A-Za-z0-9+/]{22}==\r\nsec-websocket-version: 13\r\n\r\n$/,
  );
  socket.destroy();
  await server.connections[0]!.closed;
});

Deno.test("Http1Transport.upgrade() refuses a handshake that RFC 6455 §4.1 calls failed", async () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ "Sec-WebSocket-Accept": "" }, /wrong Sec-WebSocket-Accept/],
    [{ "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" }, /wrong Sec-WebSocket-Accept/],
    [{ "Upgrade": "" }, /other than WebSocket/],
    [{ "Upgrade": "h2c" }, /other than WebSocket/],
    [{ "Connection": "" }, /Connection/],
    [{ "Connection": "keep-alive" }, /Connection/],
    [{ "Sec-WebSocket-Extensions": "permessage-deflate" }, /extension/],
    [{ "Sec-WebSocket-Protocol": "other" }, /subprotocol/],
    [{ "sec-WebSocket-Accept": "ACCEPT" }, /more than one/],
  ];
  for (const [fields, message] of cases) {
    await using server = new RawServer((connection) => answer(connection, fields));
    await using transport = makeTransport();
    const error = await assertRejects(() => transport.upgrade(server.url, REQUEST), BalancerError);
    assertEquals([error.code, error.source], ["bad_response", "upstream"]);
    assertMatch(error.message, message);
    await server.connections[0]!.closed;
  }
});

Deno.test("Http1Transport.upgrade() returns a refusal, and uses its connection again", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    await connection.waitFor("\r\n\r\n", 2);
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
  });
  await using transport = makeTransport();
  const refusal = await transport.upgrade(server.url, REQUEST);
  assert("status" in refusal);
  assertEquals([refusal.status, await textOf(refusal)], [401, "no"]);
  assertEquals(await textOf(await transport.send(server.url, makeRequest())), "yes");
  assertEquals(server.accepted, 1);
});

Deno.test("Http1Transport.upgrade() gives the handshake as long as any response", async () => {
  await using server = new RawServer(() => {});
  const clock = new FakeClock();
  await using transport = makeTransport({ clock, responseTimeout: 1000 });
  const upgrading = transport.upgrade(server.url, REQUEST);
  await (await server.connection(1)).waitFor("\r\n\r\n");
  const rejected = assertRejects(() => upgrading, BalancerError, "silent");
  await clock.advance(1300);
  assertEquals((await rejected).code, "response_timeout");
});

Deno.test("Http1Transport.send() takes no 101 for an answer", async () => {
  await using server = new RawServer((connection) =>
    connection.send("HTTP/1.1 101 Switching Protocols\r\n\r\n")
  );
  await using transport = makeTransport();
  await assertRejects(() => transport.send(server.url, makeRequest()), BalancerError, "asked");
});

/** An open WebSocket, with the server's side of it. */
async function openSocket(
  transport: ReturnType<typeof makeTransport>,
  server: RawServer,
): Promise<UpstreamSocket> {
  const socket = await transport.upgrade(server.url, REQUEST);
  assert("receive" in socket);
  return socket;
}

Deno.test("an UpstreamSocket tells who ended the connection", async () => {
  await using server = new RawServer((connection) => answer(connection));
  await using transport = makeTransport();
  const first = await openSocket(transport, server);
  server.connections[0]!.close();
  assertEquals(await first.receive(), { cause: "broken_off", code: undefined, reason: "" });
  first.destroy();
  const second = await openSocket(transport, server);
  // No idle connection, so this leaves it alone.
  transport.forget(server.url);
  await server.connections[1]!.send("\x81\x01a");
  assertEquals(await second.receive(), "a");
  const end = second.receive();
  await transport[Symbol.asyncDispose]();
  assertEquals(await end, { cause: "ended_here", code: undefined, reason: "" });
});

Deno.test("an UpstreamSocket sends nothing behind its Close frame, and flushes what is before", async () => {
  await using server = new RawServer((connection) => answer(connection));
  await using transport = makeTransport();
  const socket = await openSocket(transport, server);
  for (let i = 0; i < 1000; i++) socket.send(new Uint8Array(10), false);
  assertEquals(socket.unsent > 10_000, true);
  socket.close(1000, "done");
  socket.close(1001, "again");
  socket.send(new Uint8Array(10), false);
  await socket.flushed();
  assertEquals(socket.unsent, 0);
  socket.destroy();
  const connection = server.connections[0]!;
  await connection.closed;
  const frames = connection.received().split("\r\n\r\n").slice(1).join("\r\n\r\n");
  assertEquals(frames.length, 1000 * 16 + 12);
  assertEquals(frames.slice(-12, -10), "\x88\x86");
});

Deno.test("an UpstreamSocket lets a server that broke the rules read why, and reads over the rest", async () => {
  await using server = new RawServer((connection) => answer(connection));
  await using transport = makeTransport();
  const socket = await openSocket(transport, server);
  const connection = server.connections[0]!;
  await connection.send("\x83\x00\x81\x01a");
  const reason = "the opcode 3 is reserved";
  assertEquals(await socket.receive(), { cause: "violation", code: 1002, reason });
  socket.close(1002, reason);
  let over = false;
  const end = socket.receive().finally(() => over = true);
  await connection.waitFor("\r\n\r\n\x88");
  await connection.send("\x81\x01b");
  assertEquals(over, false);
  connection.close();
  assertEquals(await end, { cause: "broken_off", code: undefined, reason: "" });
  socket.destroy();
});
