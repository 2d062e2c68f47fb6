import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { activeRequests, serveBalancer, untilIdle } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering, RawServer, unusedUrl } from "../testing/raw_server.ts";
import {
  connectPeer,
  echo,
  type Message,
  type Peer,
  PeerServer,
  upgradeRequest,
} from "../testing/web_sockets.ts";

const MIB = 1_048_576;

/**
 * The message with this number: text or bytes, mostly small, with every length class among them.
 */
function message(number: number): Message {
  const lengths = [0, 1, 5, 125, 126, 127, 300, 1000];
  const length = number % 2500 === 0
    ? MIB
    : number % 500 === 3
    ? 65_536 - number % 3
    : lengths[number % 8]!;
  if (number % 3 === 0) return new Uint8Array(length).map((_, i) => (i * 31 + number) % 256);
  return `${"é€😀x".repeat(length / 10)}${"a".repeat(length % 10)}${length > 10 ? number : ""}`;
}

async function assertSame(from: Peer, to: Peer, count: number): Promise<void> {
  for (let number = 0; number < count; number++) from.send(message(number));
  for (let number = 0; number < count; number++) {
    const received = await to.next();
    const sent = message(number);
    // Compared by hand, as assertEquals() is slow for a mebibyte.
    const same = typeof sent === "string"
      ? received === sent
      : received.length === sent.length && sent.every((byte, i) => byte === received[i]);
    assert(same, `message ${number} is another`);
  }
}

Deno.test("a WebSocket relays 10,000 messages each way, unchanged and in order", async () => {
  await using server = await PeerServer.start();
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(served.url);
  const peer = await server.peer(1);
  await Promise.all([assertSame(client, peer, 10_000), assertSame(peer, client, 10_000)]);
  client.vanish();
  await peer.closed;
});

Deno.test("a WebSocket relays messages of 16 MiB, and closes with 1009 for larger ones", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(served.url);
  for (const sent of [new Uint8Array(16 * MIB).fill(7), "é".repeat(8 * MIB)]) {
    client.send(sent);
    const received = await client.next();
    assertEquals([typeof received, received.length], [typeof sent, sent.length]);
    const last = received.length - 1;
    assertEquals([received[0], received[last]], [sent[0], sent[last]]);
  }
  client.send(new Uint8Array(16 * MIB + 1));
  assertEquals((await client.closed).code, 1009);
  assertEquals((await (await server.peer(1)).closed).code, 1009);
  const other = await connectPeer(served.url);
  (await server.peer(2)).send(new Uint8Array(16 * MIB + 1));
  assertEquals((await other.closed).code, 1009);
  assertEquals((await (await server.peer(2)).closed).code, 1009);
  await untilIdle(served);
});

Deno.test("500 WebSockets count while they are open and leave nothing", async () => {
  await using first = await PeerServer.start({ onPeer: echo });
  await using second = await PeerServer.start({ onPeer: echo });
  await using served = await serveBalancer([first.url, second.url]);
  const clients: Peer[] = [];
  for (let i = 0; i < 500; i++) clients.push(await connectPeer(served.url));
  assertEquals(served.balancer.servers().map(({ active }) => active), [250, 250]);
  await Promise.all(clients.map(async (client, i) => {
    client.send(`hello ${i}`);
    assertEquals(await client.next(), `hello ${i}`);
    // Some close properly, some break off.
    if (i % 2 === 0) client.socket.close(1000);
    else client.vanish();
    await client.closed;
  }));
  for (let i = 1; i <= 250; i++) {
    await Promise.all([(await first.peer(i)).closed, (await second.peer(i)).closed]);
  }
  await untilIdle(served);
});

Deno.test("a WebSocket's handshake reaches the server like any other request", async () => {
  await using server = await PeerServer.start({ protocol: "superchat" });
  await using served = await serveBalancer([server.url]);
  const client = await connectPeer(`${served.url}/a/../b%2f?x=%20`, ["chat", "superchat"], {
    headers: { Cookie: "a=1", Authorization: "Basic eDp5", Host: "example.com:81" },
    origin: "https://example.com",
  });
  assertEquals(client.socket.protocol, "superchat");
  const { headers, url } = await server.request(1);
  assertEquals(url, "/b%2f?x=%20");
  const wanted = {
    "cookie": "a=1",
    "authorization": "Basic eDp5",
    "host": "example.com:81",
    "origin": "https://example.com",
    "sec-websocket-protocol": "chat,superchat",
    "sec-websocket-version": "13",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-host": "example.com:81",
    "via": "1.1 ballast",
    // `ws` offers compression to every server; this proxy cannot inflate, so it offers none.
    "sec-websocket-extensions": undefined,
  };
  for (const [name, value] of Object.entries(wanted)) assertEquals(headers[name], value, name);
  client.vanish();
  await (await server.peer(1)).closed;
});

Deno.test("a WebSocket that the server refuses returns the server's response", async () => {
  const cases = ["401 Unauthorized", "403 Forbidden", "302 Found", "200 OK"];
  for (const status of cases) {
    await using server = answering(
      `HTTP/1.1 ${status}\r\nLocation: /x\r\nX-Why: because\r\nContent-Length: 4\r\n\r\nbody`,
    );
    await using served = await serveBalancer([server.url]);
    for (const _ of [1, 2]) {
      const response = await exchangeRaw(
        served.url,
        upgradeRequest({ Connection: "close, Upgrade" }),
      );
      assertMatch(response, new RegExp(`^HTTP/1\\.1 ${status}\r\n`));
      for (const part of ["location: /x\r\n", "x-why: because\r\n", "\r\n\r\nbody"]) {
        assertStringIncludes(response, part);
      }
      assertEquals(activeRequests(served.balancer), 0);
    }
    // The connection is reused for another request.
    assertEquals(server.accepted, 1);
  }
});

Deno.test("a WebSocket goes to another server when one fails before its response", async () => {
  await using closing = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    connection.close();
  });
  await using server = await PeerServer.start({ onPeer: echo });
  await using served = await serveBalancer([unusedUrl(), closing.url, server.url]);
  const client = await connectPeer(served.url);
  assertEquals(closing.accepted, 1);
  client.send("hello");
  assertEquals(await client.next(), "hello");
  assertEquals(served.balancer.servers().map(({ active }) => active), [0, 0, 1]);
  client.vanish();
  await (await server.peer(1)).closed;
});

Deno.test("an invalid request for a WebSocket is refused without asking a server", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  await using served = await serveBalancer([server.url]);
  const cases: [Record<string, string>, number][] = [
    [{ "Sec-WebSocket-Version": "8" }, 426],
    [{ "Sec-WebSocket-Version": "" }, 426],
    [{ "Sec-WebSocket-Key": "" }, 400],
    [{ "Sec-WebSocket-Key": "c2hvcnQ=" }, 400],
    [{ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZR==" }, 400],
  ];
  for (const [changes, status] of cases) {
    const response = await exchangeRaw(
      served.url,
      upgradeRequest({ ...changes, Connection: "close, upgrade" }),
    );
    assertMatch(response, new RegExp(`^HTTP/1\\.1 ${status} `));
    assertEquals(/sec-websocket-version: 13\r\n/i.test(response), status === 426);
    assertEquals(/\r\nupgrade: websocket\r\n/i.test(response), status === 426);
  }
  const request = new Request("http://a/", {
    method: "POST",
    headers: { "connection": "upgrade", "upgrade": "websocket", "content-length": "0" },
  });
  const response = await served.balancer.fetch(request);
  assertEquals([response.status, response.headers.get("allow")], [405, "GET"]);
  await response.body?.cancel();
  assertEquals([server.accepted, activeRequests(served.balancer)], [0, 0]);
});

Deno.test("an Upgrade that Connection does not name is not forwarded", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using served = await serveBalancer([server.url]);
  const response = await exchangeRaw(served.url, upgradeRequest({ Connection: "close" }));
  assertMatch(response, /^HTTP\/1\.1 200 /);
  assertEquals(/upgrade/i.test(server.connections[0]!.received()), false);
});
