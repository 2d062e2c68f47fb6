import { assertEquals, assertStringIncludes } from "@std/assert";
import type { LoadBalancerOptions } from "../../mod.ts";
import { serveBalancer, type ServedBalancer, untilIdle } from "../testing/balancer.ts";
import { GatedServer } from "../testing/gated_server.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";
import { freePorts } from "../testing/run_cli.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { connectPeer, echo, PeerServer, upgradeRequest } from "../testing/web_sockets.ts";

/** All non-zero counts, once nothing is in flight any more. */
async function counted(served: ServedBalancer): Promise<Record<string, number>> {
  await untilIdle(served);
  const { servers, overall } = served.balancer.traffic();
  const counts: Record<string, number> = {};
  for (const [i, { responses, failures, retries, latency, ...server }] of servers.entries()) {
    const classes = responses.map((count, k) => [`${k + 1}xx`, count] as const);
    const others = [["retries", retries], ["sent", server.bytesSent]] as const;
    const received = [["received", server.bytesReceived]] as const;
    const measured = [["measured", latency.buckets.reduce((sum, count) => sum + count)]] as const;
    for (
      const [name, count] of [
        ...[...classes, ...Object.entries(failures), ...others, ...received, ...measured],
      ]
    ) if (count > 0) counts[`${i} ${name}`] = count;
  }
  for (const [reason, count] of overall.refusals) if (count > 0) counts[reason] = count;
  return counts;
}

/** Serves a balancer over these servers for the duration of a test. */
async function withBalancer(
  urls: readonly string[],
  test: (served: ServedBalancer) => Promise<void>,
  options: LoadBalancerOptions = {},
): Promise<void> {
  await using served = await serveBalancer(urls, options);
  await test(served);
}

Deno.test("a plain response counts once", async () => {
  await using server = new SampleServer("one");
  await withBalancer([server.url], async (served) => {
    const response = await fetch(served.url, { method: "POST", body: "hello" });
    assertEquals(await response.text(), "one");
    const once = { "0 2xx": 1, "0 sent": 5, "0 received": 3, "0 measured": 1 };
    assertEquals(await counted(served), once);
  });
});

for (
  const [what, method, response] of [
    ["HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
    ["204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"],
    ["304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
  ] as const
) {
  Deno.test(`a response without content (${what}) counts once`, async () => {
    await using server = answering(response);
    await withBalancer([server.url], async (served) => {
      await (await fetch(served.url, { method })).body?.cancel();
      const status = what === "304" ? "0 3xx" : "0 2xx";
      assertEquals(await counted(served), { [status]: 1, "0 measured": 1 });
    });
  });
}

Deno.test("a streamed response counts once, with all bytes in both directions", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const content = await request.bytes();
      return new Response(new Blob([content, content]).stream());
    },
  );
  await withBalancer([`http://127.0.0.1:${server.addr.port}`], async (served) => {
    const body = new Blob([new Uint8Array(300_000)]).stream();
    const response = await fetch(served.url, { method: "POST", body });
    assertEquals((await response.bytes()).length, 600_000);
    assertEquals(await counted(served), {
      ...{ "0 2xx": 1, "0 measured": 1, "0 sent": 300_000, "0 received": 600_000 },
    });
  });
});

Deno.test("a client that disconnects before the response counts once, and not against the server", async () => {
  await using server = new GatedServer();
  await withBalancer([server.url], async (served) => {
    const client = await RawClient.connect(served.url);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await server.arrivals(1);
    client.close();
    await untilIdle(served);
    assertEquals(await counted(served), { "client_gone": 1 });
  });
});

Deno.test("a client that disconnects in the middle of the response counts once, as answered", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  await withBalancer([server.url], async (served) => {
    const client = await RawClient.connect(served.url);
    await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.readUntil("a\r\n");
    client.close();
    await (await server.connection(1)).closed;
    assertEquals(await counted(served), { "0 2xx": 1, "0 received": 1, "0 measured": 1 });
  });
});

Deno.test("a server that breaks off in the middle of its response fails a request that counts once", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
    connection.close();
  });
  await withBalancer([server.url], async (served) => {
    await exchangeRaw(served.url, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assertEquals(await counted(served), {
      ...{ "0 2xx": 1, "0 response": 1, "0 received": 1, "0 measured": 1 },
    });
  });
});

Deno.test("a request that is retried counts once, for the server that answered it", async () => {
  await using server = new SampleServer("one");
  const [dead] = freePorts(1);
  const options = {
    servers: [
      { url: `http://127.0.0.1:${dead}`, weight: 1000, healthCheckPeriod: 0 },
      { url: server.url, healthCheckPeriod: 0 },
    ],
  };
  await withBalancer([], async (served) => {
    await (await fetch(served.url)).body?.cancel();
    assertEquals(await counted(served), {
      ...{ "0 connection": 1, "0 retries": 1 },
      ...{ "1 2xx": 1, "1 received": 3, "1 measured": 1 },
    });
  }, options);
});

Deno.test("a request that every server fails counts once, and each attempt against its server", async () => {
  const urls = freePorts(2).map((port) => `http://127.0.0.1:${port}`);
  await withBalancer(urls, async (served) => {
    await (await fetch(served.url)).body?.cancel();
    const { connect_failed: refused, ...tries } = await counted(served);
    assertEquals(refused, 1);
    const retried = "0 retries" in tries ? "0 retries" : "1 retries";
    assertEquals(tries, { "0 connection": 1, "1 connection": 1, [retried]: 1 });
  });
});

for (
  const [status, reason, request] of [
    [400, "bad_request", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
    [405, "bad_request", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"],
    [426, "bad_request", upgradeRequest({ "Sec-WebSocket-Version": "7" })],
    [413, "content_too_large", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"],
    [503, "no_server", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ] as const
) {
  Deno.test(`a request that is refused with ${status} counts once`, async () => {
    await withBalancer([], async (served) => {
      await using client = await RawClient.connect(served.url);
      await client.send(request);
      assertStringIncludes(await client.readUntil("\r\n\r\n"), `HTTP/1.1 ${status} `);
      assertEquals(await counted(served), { [reason]: 1 });
    }, { limits: { requestBody: 8 } });
  });
}

Deno.test("a WebSocket counts once, with its messages", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  await withBalancer([server.url], async (served) => {
    const peer = await connectPeer(served.url);
    peer.send("äöü");
    assertEquals(await peer.next(), "äöü");
    peer.send(new Uint8Array(70_000));
    assertEquals((await peer.next()).length, 70_000);
    peer.socket.close(1000);
    await peer.closed;
    const once = { "0 1xx": 1, "0 sent": 70_006, "0 received": 70_006 };
    assertEquals(await counted(served), once);
  });
});

Deno.test("a WebSocket that the server refuses counts once", async () => {
  await using server = answering("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  await withBalancer([server.url], async (served) => {
    await using client = await RawClient.connect(served.url);
    await client.send(upgradeRequest());
    await client.readUntil("\r\n\r\n");
    assertEquals(await counted(served), { "0 4xx": 1, "0 measured": 1 });
  });
});
