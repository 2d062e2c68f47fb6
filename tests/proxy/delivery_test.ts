import { assertEquals, assertStringIncludes } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering, answeringAndClosing, RawServer } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("ProxyHandler.fetch() forwards each piece of a response as it arrives", async () => {
  const { promise: seen, resolve: sawFirst } = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    await seen;
    await connection.send("4\r\nlast\r\n0\r\n\r\n");
  });
  await using served = await serveBalancer([server.url]);
  const response = await fetch(served.url);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  assertEquals((await reader.read()).value, "first");
  assertEquals(activeRequests(served.balancer), 1);
  sawFirst();
  assertEquals((await reader.read()).value, "last");
  assertEquals((await reader.read()).done, true);
  await served.balancer.close();
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("ProxyHandler.fetch() breaks the response off if the server does", async () => {
  const cases = [
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
  ];
  for (const answer of cases) {
    await using server = answeringAndClosing(answer);
    await using served = await serveBalancer([server.url]);
    const response = await exchangeRaw(served.url, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assertStringIncludes(response, "abc");
    assertEquals(response.endsWith("0\r\n\r\n"), false);
    await served.balancer.close();
    assertEquals(activeRequests(served.balancer), 0);
  }
});

Deno.test("a client that disconnects while it waits frees the server, and costs it nothing", async () => {
  await using server = new RawServer(() => {});
  await using served = await serveBalancer([server.url]);
  const client = await RawClient.connect(served.url);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const upstream = await server.connection(1);
  await upstream.waitFor("\r\n\r\n");
  client.close();
  await upstream.closed;
  await served.balancer.close();
  const [status] = served.balancer.servers();
  assertEquals([status!.active, status!.healthy], [0, true]);
});

Deno.test("a client that disconnects in the middle of a response frees the server", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    for (let i = 0; i < 1000; i++) await connection.send("x".repeat(100_000));
  });
  await using served = await serveBalancer([server.url]);
  const client = await RawClient.connect(served.url);
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.readUntil("xxx");
  client.close();
  await server.connections[0]!.closed;
  await served.balancer.close();
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("a client that disconnects in the middle of its request frees the server", async () => {
  await using server = new RawServer(() => {});
  await using served = await serveBalancer([server.url]);
  const client = await RawClient.connect(served.url);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
  const upstream = await server.connection(1);
  await upstream.waitFor("abc");
  client.close();
  await upstream.closed;
  await served.balancer.close();
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("a client that disconnects in the middle of small content costs no server anything", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  const client = await RawClient.connect(served.url);
  await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  client.close();
  // The next request is answered after the one that broke off.
  const response = await fetch(served.url);
  assertEquals([response.status, await response.text()], [200, "ok"]);
  assertEquals(server.connections[0]!.received().startsWith("GET "), true);
  await served.balancer.close();
});

Deno.test("LoadBalancer.fetch() ends a request when its response has been read", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(100_000),
  );
  await using served = await serveBalancer([server.url]);
  const { balancer } = served;
  const read = await balancer.fetch(new Request("http://example.com/"));
  assertEquals(activeRequests(balancer), 1);
  assertEquals((await read.text()).length, 100_000);
  assertEquals(activeRequests(balancer), 0);
  const given = await balancer.fetch(new Request("http://example.com/"));
  await given.body!.cancel();
  assertEquals(activeRequests(balancer), 0);
});

Deno.test("LoadBalancer.fetch() ends a request with a response of up to 64 KiB when it is handed over", async () => {
  for (const [length, active] of [[65_536, 0], [65_537, 1]] as const) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
    await using server = answering(head + "x".repeat(length));
    await using served = await serveBalancer([server.url]);
    const response = await served.balancer.fetch(new Request("http://example.com/"));
    assertEquals(activeRequests(served.balancer), active);
    assertEquals((await response.text()).length, length);
    assertEquals(activeRequests(served.balancer), 0);
  }
});

Deno.test("the content of a 205 is dropped, and the request ends at once", async () => {
  const long = "HTTP/1.1 205 Reset\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
  await using server = answering(long);
  await using served = await serveBalancer([server.url]);
  const given = await served.balancer.fetch(new Request("http://example.com/"));
  assertEquals([given.status, given.body, activeRequests(served.balancer)], [205, null, 0]);
  const response = await fetch(served.url);
  assertEquals([response.status, await response.text()], [205, ""]);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("LoadBalancer.close() waits for requests in flight and refuses new ones", async () => {
  const { promise: closing, resolve: isClosing } = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    await closing;
    await connection.send("2\r\ncd\r\n0\r\n\r\n");
  });
  await using served = await serveBalancer([server.url]);
  const response = await fetch(served.url);
  const closed = Promise.all([served.balancer.close(), served.balancer.close()]);
  const late = await fetch(served.url);
  assertEquals(late.status, 503);
  await late.body?.cancel();
  isClosing();
  assertEquals(await response.text(), "abcd");
  await closed;
});

Deno.test("LoadBalancer.close() breaks off requests in flight when its signal is aborted", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\nab");
  await using served = await serveBalancer([server.url]);
  const response = await fetch(served.url);
  await served.balancer.close(AbortSignal.abort());
  await server.connections[0]!.closed;
  let failed = false;
  await response.text().catch(() => failed = true);
  assertEquals(failed, true);
});
