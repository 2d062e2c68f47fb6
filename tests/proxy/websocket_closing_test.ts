import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { acceptFor } from "../../src/upstream/websocket_handshake.ts";
import { serveBalancer, untilIdle } from "../testing/balancer.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { RawServer } from "../testing/raw_server.ts";
import { within } from "../testing/until.ts";
import {
  type Close,
  connectPeer,
  echo,
  PeerServer,
  upgradeRequest,
} from "../testing/web_sockets.ts";

/** A server that accepts a WebSocket, sends these bytes and then does something. */
function speaking(bytes: string, before: () => void = () => {}): RawServer {
  return new RawServer(async (connection) => {
    const head = await connection.waitFor("\r\n\r\n");
    before();
    const key = /sec-websocket-key: (.*)\r\n/i.exec(head)![1]!;
    await connection.send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${await acceptFor(key)}\r\n\r\n${bytes}`,
    );
  });
}

/**
 * How the client's WebSocket ends when the server sends these bytes, and what the server receives.
 */
async function afterServerSends(bytes: string): Promise<{ client: Close; server: string }> {
  await using server = speaking(bytes);
  await using served = await serveBalancer([server.url]);
  const client = await (await connectPeer(served.url)).closed;
  const connection = await server.connection(1);
  // After the head, there is one masked Close frame.
  await connection.waitFor("\r\n\r\n\x88");
  connection.close();
  await untilIdle(served);
  return { client, server: connection.received().split("\r\n\r\n")[1]! };
}

/** A Close frame of a client with content of any length, masked with zeros. */
function closeFrame(content: string): string {
  const { length } = content;
  const size = length < 126
    ? String.fromCharCode(0x80 | length)
    : String.fromCharCode(0x80 | 126, length >> 8, length & 255);
  return `\x88${size}\0\0\0\0${content}`;
}

/** The status code in a masked Close frame. */
function closeCode(frame: string): number {
  const at = (index: number) => frame.charCodeAt(index) ^ frame.charCodeAt(index - 4);
  return at(6) * 256 + at(7);
}

Deno.test("a close by the client reaches the server with code and reason", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  const cases: [number | undefined, string, Close][] = [
    [1000, "done", { code: 1000, reason: "done" }],
    [4321, "é", { code: 4321, reason: "é" }],
    [undefined, "", { code: 1005, reason: "" }],
  ];
  for (const [i, [code, reason, wanted]] of cases.entries()) {
    const client = await connectPeer(served.url);
    client.socket.close(code, reason);
    assertEquals(await (await server.peer(i + 1)).closed, wanted);
    assertEquals((await client.closed).code, wanted.code);
    await untilIdle(served);
  }
});

Deno.test("a close by the server reaches the client with code and reason", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  const cases: [number | undefined, string, Close][] = [
    [1000, "done", { code: 1000, reason: "done" }],
    [1012, "restart", { code: 1012, reason: "restart" }],
    [4999, "€", { code: 4999, reason: "€" }],
    [undefined, "", { code: 1005, reason: "" }],
  ];
  for (const [i, [code, reason, wanted]] of cases.entries()) {
    const client = await connectPeer(served.url);
    const peer = await server.peer(i + 1);
    // Messages sent before the close arrive before it.
    peer.send("last");
    peer.socket.close(code, reason);
    assertEquals(await client.closed, wanted);
    assertEquals(await client.next().catch(String), "last");
    assertEquals((await peer.closed).code, wanted.code);
    await untilIdle(served);
  }
});

Deno.test("a client's Close frame that is too long breaks off the connection to the server", async () => {
  for (const [length, passes] of [[123, true], [124, false], [300, false]] as const) {
    await using server = speaking("");
    await using served = await serveBalancer([server.url]);
    await using client = await RawClient.connect(served.url);
    await client.send(upgradeRequest());
    await client.readUntil("\r\n\r\n");
    const connection = await server.connection(1);
    await client.send(closeFrame(`\x03\xe8${"a".repeat(length)}`));
    if (passes) {
      await connection.waitFor("\r\n\r\n\x88\xfd");
      connection.close();
    }
    await within("the end of the server's side", connection.closed);
    const frames = connection.received().split("\r\n\r\n")[1]!;
    // A head of two bytes and the mask come before the content.
    assertEquals(frames.length, passes ? 6 + 2 + length : 0);
    await untilIdle(served);
  }
});

Deno.test("a client that vanishes breaks off the connection to the server", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(served.url);
  client.vanish();
  assertEquals((await (await server.peer(1)).closed).code, 1006);
  await untilIdle(served);
});

// Now and then, the platform has not noticed the disconnect when it is asked to upgrade. It then
// reports nothing, and its shutdown() would never resolve: the listener has to be aborted.
Deno.test("a client that vanishes during the handshake leaves nothing", async () => {
  let leave = () => {};
  await using server = speaking("\x81\x02hi", () => leave());
  await using served = await serveBalancer([server.url]);
  await using client = await RawClient.connect(served.url);
  leave = () => client.close();
  await client.send(upgradeRequest());
  await (await server.connection(1)).closed;
  await untilIdle(served);
});

Deno.test("a client that violates the protocol breaks off the connection to the server", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  await using client = await RawClient.connect(served.url);
  await client.send(upgradeRequest());
  await client.readUntil("\r\n\r\n");
  const peer = await server.peer(1);
  // A reserved bit is set.
  await client.send("\xc1\x81\0\0\0\0a");
  assertEquals((await peer.closed).code, 1006);
  await untilIdle(served);
});

Deno.test("a server that vanishes closes the client with 1011", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(served.url);
  (await server.peer(1)).vanish();
  assertEquals((await client.closed).code, 1011);
  await untilIdle(served);
});

Deno.test("a server that violates the protocol gets the code for it, and the client 1011", async () => {
  const cases: [string, string, number][] = [
    ["masked", "\x81\x81\0\0\0\0a", 1002],
    ["reserved bit", "\xc1\x01a", 1002],
    ["reserved opcode", "\x83\x00", 1002],
    ["fragmented ping", "\x09\x00", 1002],
    ["nothing to continue", "\x80\x01a", 1002],
    ["Close with half a code", "\x88\x01\x03", 1002],
    ["Close with 1006", "\x88\x02\x03\xee", 1002],
    ["bad UTF-8", "\x81\x01\xff", 1007],
    ["bad UTF-8 in the reason", "\x88\x03\x03\xe8\xff", 1007],
  ];
  for (const [what, bytes, code] of cases) {
    const { client, server } = await afterServerSends(bytes);
    assertEquals([client.code, closeCode(server)], [1011, code], what);
  }
  const { client, server } = await afterServerSends("\x82\x7f\0\0\0\0\x01\0\0\x01");
  assertEquals([client.code, closeCode(server)], [1009, 1009]);
});

Deno.test("a ping by either side is answered, and not relayed", async () => {
  // A ping, an unsolicited pong, and a text with a ping between its fragments.
  await using server = speaking("\x89\x02hi\x8a\x00\x01\x01a\x89\x01!\x80\x01b");
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(served.url);
  assertEquals(await client.next(), "ab");
  const connection = await server.connection(1);
  const received = await connection.waitFor("\r\n\r\n\x8a");
  const pong = received.split("\r\n\r\n")[1]!;
  // Both pongs, or the last one alone (RFC 6455 §5.5.3).
  assertEquals(["\x8a\x82", "\x8a\x81"].includes(pong.slice(0, 2)), true);
  const ponged = new Promise((resolve) => client.socket.on("pong", (data) => resolve(`${data}`)));
  client.socket.ping("ping");
  assertEquals(await ponged, "ping");
  client.vanish();
  await connection.closed;
  await untilIdle(served);
});

Deno.test("LoadBalancer.close() closes WebSockets with 1001 on both sides", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await using served = await serveBalancer([server.url]);
  const clients = await Promise.all([1, 2, 3].map(() => connectPeer(served.url)));
  await served.balancer.close();
  for (const [i, client] of clients.entries()) {
    assertEquals((await client.closed).code, 1001);
    assertEquals((await (await server.peer(i + 1)).closed).code, 1001);
  }
  await untilIdle(served);
});

Deno.test("Listener.shutdown() closes WebSockets with 1001, and serves requests meanwhile", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
  });
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  await using client = await RawClient.connect(url);
  await client.send(upgradeRequest());
  await client.readUntil("\r\n\r\n");
  const stopped = listener.shutdown();
  await client.readUntil("\x88\x21\x03\xe9");
  // The server of the `ws` library answers anything but a WebSocket like this.
  const request = await fetch(url);
  assertEquals([request.status, await request.text()], [426, "Upgrade Required"]);
  const refused = await exchangeRaw(url, upgradeRequest({ Connection: "close, upgrade" }));
  assertEquals(refused.slice(0, 13), "HTTP/1.1 503 ");
  await client.send("\x88\x82\0\0\0\0\x03\xe9");
  await stopped;
  assertEquals((await (await server.peer(1)).closed).code, 1001);
  await untilIdle({ balancer, url: server.url });
});

Deno.test("LoadBalancer.close() breaks off WebSockets that do not answer when the time is over", async () => {
  await using server = speaking("\x81\x02hi");
  await using served = await serveBalancer([server.url]);
  await using client = await RawClient.connect(served.url);
  await client.send(upgradeRequest());
  await client.readUntil("\x81\x02hi");
  const abort = new AbortController();
  const closed = served.balancer.close(abort.signal);
  // Both have been notified, and neither answers.
  await client.readUntil("\x88\x21\x03\xe9");
  await (await server.connection(1)).waitFor("\r\n\r\n\x88");
  abort.abort();
  await closed;
  await server.connections[0]!.closed;
  await untilIdle(served);
});
