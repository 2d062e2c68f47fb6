import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

Deno.test("ProxyHandler.fetch() forwards the target as received, with the client's Host", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  await exchangeRaw(
    served.url,
    "GET /a/../b%2f//c?x=%zz&y=\xc3\xa9 HTTP/1.1\r\nHost: Example.com:81\r\nConnection: close\r\n\r\n",
  );
  const received = server.connections[0]!.received();
  assertMatch(received, /^GET \/a\/\.\.\/b%2f\/\/c\?x=%zz&y=%C3%A9 HTTP\/1\.1\r\n/);
  assertStringIncludes(received, "host: Example.com:81\r\n");
  assertStringIncludes(received, "x-forwarded-for: 127.0.0.1\r\n");
});

Deno.test("ProxyHandler.fetch() lets an absolute target override the Host", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  await exchangeRaw(
    served.url,
    "GET http://real.example/p?q HTTP/1.1\r\nHost: r\r\nConnection: close\r\n\r\n",
  );
  const received = server.connections[0]!.received();
  assertMatch(received, /^GET \/p\?q HTTP\/1\.1\r\nhost: real\.example\r\n/);
});

Deno.test("ProxyHandler.fetch() refuses what cannot be forwarded as one request", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  const host = "Host: a\r\nConnection: close\r\n";
  const cases: [string, number][] = [
    [`CONNECT a:80 HTTP/1.1\r\n${host}\r\n`, 405],
    [`TRACE / HTTP/1.1\r\n${host}\r\n`, 405],
    [`GET / HTTP/1.1\r\n${host}Content-Length: 3\r\n\r\nabc`, 400],
    [`GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 400],
    ["GET / HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: user@a\r\nConnection: close\r\n\r\n", 400],
    ["GET http://user@a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400],
  ];
  for (const [request, status] of cases) {
    const response = await exchangeRaw(served.url, request);
    assertStringIncludes(response, `HTTP/1.1 ${status}`, request);
  }
  assertEquals(server.accepted, 0);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("ProxyHandler.fetch() strips an Upgrade to something else", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  await exchangeRaw(
    served.url,
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\n" +
      "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
  );
  assertEquals(/upgrade|http2/i.test(server.connections[0]!.received()), false);
});

Deno.test("ProxyHandler.fetch() keeps the framing, the encoding and repeated fields", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n" +
      "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Latin: \xe9\r\nKeep-Alive: timeout=5\r\n\r\nabc",
  );
  await using served = await serveBalancer([server.url]);
  const response = await exchangeRaw(
    served.url,
    "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n",
  );
  const wanted = [
    "content-length: 3\r\n",
    "content-encoding: gzip\r\n",
    "set-cookie: a=1\r\nset-cookie: b=2\r\n",
    "x-latin: \xe9\r\n",
    "\r\n\r\nabc",
  ];
  for (const part of wanted) assertStringIncludes(response, part);
  assertEquals(/keep-alive: timeout|transfer-encoding/i.test(response), false);
});

Deno.test("ProxyHandler.fetch() answers HEAD with the length and no content", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
  await using served = await serveBalancer([server.url]);
  const response = await exchangeRaw(
    served.url,
    "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  assertMatch(response, /^HTTP\/1\.1 200 OK\r\ncontent-length: 1234\r\n[^]*\r\n\r\n$/);
});

Deno.test("ProxyHandler.fetch() forwards POST without content as such, and chunks as chunks", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("content-length: 0\r\n\r\n");
    await connection.send(OK);
    await connection.waitFor("3\r\nabc\r\n0\r\n\r\n");
    await connection.send(OK);
  });
  await using served = await serveBalancer([server.url]);
  const end = "Host: a\r\nConnection: close\r\n";
  await exchangeRaw(served.url, `POST / HTTP/1.1\r\n${end}\r\n`);
  await exchangeRaw(
    served.url,
    `POST / HTTP/1.1\r\n${end}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  );
  const received = server.connections.map((connection) => connection.received()).join("");
  assertMatch(
    received,
    /^POST [^]*content-length: 0\r\n\r\nPOST [^]*chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/,
  );
});

Deno.test("ProxyHandler.fetch() answers errors with the right status and a reason", async () => {
  const cases: [string, number, string][] = [
    ["", 502, "connection_terminated"],
    ["HTTP/1.1 200", 502, "http_response_incomplete"],
    ["HTTP/1.1 200 OK\nContent-Length: 0\n\n", 502, "http_protocol_error"],
  ];
  for (const [answer, status, type] of cases) {
    await using server = answeringAndClosing(answer);
    await using served = await serveBalancer([server.url]);
    const response = await fetch(served.url);
    assertEquals(response.status, status);
    assertEquals(response.headers.get("proxy-status"), `ballast; error=${type}`);
    const text = await response.text();
    assertStringIncludes(text, String(status));
    // The client must not learn where the servers are.
    assertEquals(text.includes("127.0.0.1"), false);
    assertEquals(activeRequests(served.balancer), 0);
  }
});

Deno.test("ProxyHandler.fetch() answers 502 if all servers are down, and 503 if there is none", async () => {
  await using served = await serveBalancer([unusedUrl(), unusedUrl(), unusedUrl(), unusedUrl()]);
  const down = await fetch(served.url, { method: "POST", body: "abc" });
  assertEquals(down.status, 502);
  assertStringIncludes(await down.text(), "No server accepted the connection");
  for (const { url } of served.balancer.servers()) served.balancer.remove(url);
  const none = await fetch(served.url);
  assertEquals(none.status, 503);
  assertStringIncludes(await none.text(), "No server");
});

Deno.test("ProxyHandler.fetch() gives weight 0 no requests", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  served.balancer.update(server.url, { weight: 0 });
  const response = await fetch(served.url);
  assertEquals([response.status, server.accepted], [503, 0]);
  await response.body?.cancel();
});

Deno.test("ProxyHandler.fetch() goes to another server when one cannot be connected to", async () => {
  await using server = new RawServer(async (connection) => {
    for (let request = 1;; request++) {
      await connection.waitFor("abc", request);
      await connection.send(OK);
    }
  });
  await using served = await serveBalancer([unusedUrl(), unusedUrl(), server.url]);
  for (let i = 0; i < 6; i++) {
    // Untouched content can go to the next server as well.
    const response = await fetch(served.url, { method: "POST", body: "abc" });
    assertEquals([response.status, await response.text()], [200, "ok"]);
    served.balancer.update(served.balancer.servers()[0]!.url, { weight: i + 2 });
  }
});

Deno.test("ProxyHandler.fetch() retries GET elsewhere after an early close, but not POST", async () => {
  await using closing = answeringAndClosing("");
  await using good = answering(OK);
  await using served = await serveBalancer([closing.url, good.url]);
  const get = await fetch(served.url);
  assertEquals([get.status, await get.text(), closing.accepted], [200, "ok", 1]);
  served.balancer.update(good.url, { weight: 0 });
  const post = await fetch(served.url, { method: "POST", body: "abc" });
  assertEquals([post.status, closing.accepted, good.accepted], [502, 2, 1]);
  await post.body?.cancel();
});
