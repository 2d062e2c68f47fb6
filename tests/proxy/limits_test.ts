import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BalancerError, LoadBalancer, parseConfig } from "../../mod.ts";
import { activeRequests, serveBalancer, type ServedBalancer } from "../testing/balancer.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering, RawServer } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const HEAD = "Host: a\r\nConnection: close\r\n";

function serveLimited({ url }: RawServer, requestBody: number): Promise<ServedBalancer> {
  return serveBalancer([url], { limits: { requestBody } });
}

/** A server that responds when all of a request's content has arrived. */
function answeringAfter(end: string): RawServer {
  return new RawServer(async (connection) => {
    await connection.waitFor(end);
    await connection.send(OK);
  });
}

Deno.test("limits.requestBody refuses content that is announced as larger, without asking a server", async () => {
  await using server = answering(OK);
  for (const limit of [10, 100_000]) {
    await using served = await serveLimited(server, limit);
    const request = `POST / HTTP/1.1\r\n${HEAD}Content-Length: ${limit + 1}\r\n\r\n`;
    await using client = await RawClient.connect(served.url);
    await client.send(request);
    const response = await client.readUntil("bytes\n");
    assertMatch(response, /^HTTP\/1\.1 413 /);
    assertMatch(response, new RegExp(`content is larger than ${limit} bytes\n$`));
    assertEquals(activeRequests(served.balancer), 0);
  }
  assertEquals(server.accepted, 0);
});

Deno.test("limits.requestBody accepts content of exactly that length", async () => {
  const content = "x".repeat(100_000);
  for (const limit of [10, 40_000, 100_000]) {
    await using server = answeringAfter("x".repeat(limit));
    await using served = await serveLimited(server, limit);
    const body = content.slice(0, limit);
    const response = await fetch(served.url, { method: "POST", body });
    assertEquals([response.status, await response.text()], [200, "ok"]);
  }
  await using server = answeringAfter("0\r\n\r\n");
  await using served = await serveLimited(server, 10);
  const body = new Blob(["x".repeat(10)]).stream();
  const response = await fetch(served.url, { method: "POST", body });
  assertEquals([response.status, await response.text()], [200, "ok"]);
});

Deno.test("limits.requestBody breaks off chunked content that becomes too large", async () => {
  await using server = new RawServer(() => {});
  await using served = await serveBalancer([server.url], {
    limits: { requestBody: 10 },
    ejection: { failedResponses: 1, maxShare: 100 },
  });
  await using client = await RawClient.connect(served.url);
  await client.send(`POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
  await client.send("6\r\nfirst.\r\n");
  const upstream = await server.connection(1);
  await upstream.waitFor("6\r\nfirst.\r\n");
  await client.send("6\r\nsecond\r\n0\r\n\r\n");
  assertMatch(await client.readUntil("\r\n\r\n"), /^HTTP\/1\.1 413 /);
  await upstream.closed;
  // Nothing that could be mistaken for a complete request.
  assertMatch(upstream.received(), /\r\n\r\n6\r\nfirst\.\r\n$/);
  const [status] = served.balancer.servers();
  assertEquals([status!.ejection, status!.active], [undefined, 0]);
});

Deno.test("limits.requestBody applies to content without a length, as in HTTP/2", async () => {
  await using server = new RawServer(() => {});
  await using served = await serveLimited(server, 10);
  for (const pieces of [["x".repeat(11)], ["x".repeat(6), "x".repeat(6)]]) {
    const body = new Blob(pieces).stream();
    const response = await served.balancer.fetch(
      new Request("http://example.com/", { method: "POST", body }),
    );
    assertEquals(response.status, 413);
    await response.body?.cancel();
  }
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("limits.requestHead refuses larger heads with 431, without asking a server", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url], { limits: { requestHead: 1024 } });
  const fields = Array.from({ length: 100 }, (_, i) => `Field-${i}: x\r\n`).join("");
  const requests = [
    `GET / HTTP/1.1\r\n${HEAD}X: ${"x".repeat(1000)}\r\n\r\n`,
    `GET /${"x".repeat(1000)} HTTP/1.1\r\n${HEAD}\r\n`,
    `GET / HTTP/1.1\r\n${HEAD}${fields}\r\n`,
  ];
  for (const request of requests) {
    const response = await exchangeRaw(served.url, request);
    assertMatch(response, /^HTTP\/1\.1 431 /, request);
    assertMatch(response, /its head is larger than 1024 bytes\n$/);
  }
  assertEquals(server.accepted, 0);
  const response = await exchangeRaw(
    served.url,
    `GET / HTTP/1.1\r\n${HEAD}X: ${"x".repeat(900)}\r\n\r\n`,
  );
  assertMatch(response, /^HTTP\/1\.1 200 /);
});

Deno.test("limits.requestHead is 64 KiB by default", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  for (const [size, status] of [[65_000, 200], [66_000, 431]] as const) {
    const headers = { x: "x".repeat(size) };
    // Deno's listener itself refuses so large a head, with 400.
    const response = await served.balancer.fetch(new Request("http://example.com/", { headers }));
    await response.body?.cancel();
    assertEquals(response.status, status);
  }
});

Deno.test("limits.requestHead is at most what Deno's listener accepts", () => {
  for (const requestHead of [65_537, 262_144]) {
    assertThrows(
      () => new LoadBalancer({ limits: { requestHead } }),
      BalancerError,
      "Cannot use the options: limits.requestHead must be a whole number from 1024 to 65536; not",
    );
  }
  const { faults } = assertThrows(
    () => parseConfig("limits:\n  request_head: 65537\nservers: []\n"),
    BalancerError,
  );
  assertEquals(faults, [{
    path: "limits.request_head",
    message: "must be a whole number from 1024 to 65536; not 65537",
  }]);
});
