/** Holds docs/limitations.md to what it says: where this fails, Deno does otherwise by now. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { frameTypes, http2Request } from "../hostile/clients/http2.ts";
import { serveBalancer, type ServedBalancer } from "../testing/balancer.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const END = "Host: a\r\nConnection: close\r\n";

/** The type of a HEADERS frame (RFC 9113 §6.2). */
const HEADERS = 1;

/** How many requests the balancer itself has refused. */
function refusals({ balancer }: ServedBalancer): number {
  return balancer.traffic().overall.refusals.reduce((sum, [, count]) => sum + count, 0);
}

/** The end of the head of a GET that is so many bytes long. */
function padding(size: number): string {
  const head = `GET / HTTP/1.1\r\n${END}X: \r\n\r\n`;
  return `${END}X: ${"x".repeat(size - head.length)}\r\n\r\n`;
}

Deno.test("Deno.serve refuses large heads by itself", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url], { limits: { requestHead: 1024 } });
  const many = `${END}${"X: x\r\n".repeat(127)}\r\n`;
  for (const end of [padding(65_541), many]) {
    const response = await exchangeRaw(served.url, `GET / HTTP/1.1\r\n${end}`);
    assertMatch(response, /^HTTP\/1\.1 400 Bad Request\r\ncontent-length: 0\r\n/);
  }
  using client = Deno.createHttpClient({ http1: false, http2: true });
  const headers = { x: "x".repeat(16_384) };
  const response = await fetch(served.url, { headers, client });
  assertEquals([response.status, await response.text()], [431, ""]);
  assertEquals([server.accepted, refusals(served)], [0, 0]);
  // Requests that the platform lets through are refused and counted here.
  assertMatch(await exchangeRaw(served.url, `GET / HTTP/1.1\r\n${padding(65_540)}`), / 431 /);
  assertEquals([server.accepted, refusals(served)], [0, 1]);
});

Deno.test("Deno.serve hides the content of a GET over HTTP/2 that has no length", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  const fields = Object.entries({ ":method": "GET", ":scheme": "http", ":path": "/" });
  await using client = await RawClient.connect(served.url);
  await client.send(http2Request({ fields, data: "abc" }));
  let frames: number[] = [];
  for (let reads = 0; reads < 100 && !frames.includes(HEADERS); reads++) {
    frames = frameTypes(await client.readMore());
  }
  assertMatch(server.connections[0]!.received(), /^GET \/ HTTP\/1\.1\r\n[^]*ballast\r\n\r\n$/);
});

Deno.test("Deno.serve says 100 Continue before a request can be refused", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url], { limits: { requestBody: 10 } });
  await using client = await RawClient.connect(served.url);
  const expect = "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n";
  await client.send(`POST / HTTP/1.1\r\nHost: a\r\n${expect}`);
  const received = await client.readUntil("bytes\n");
  assertMatch(received, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 413 /);
  assertStringIncludes(received, "connection: close\r\n");
  // The following bytes are not a second request, whether the client sends its content or gives up.
  await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assertEquals(await client.readToEnd(), received);
  assertEquals(server.accepted, 0);
});

Deno.test("Deno.serve tells no difference between OPTIONS * and OPTIONS /*", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  for (const [target, sent] of [["*", "*"], ["/*", "*"], ["http://a", "/"]]) {
    await exchangeRaw(served.url, `OPTIONS ${target} HTTP/1.1\r\n${END}\r\n`);
    const lines = server.connections[0]!.received().match(/^OPTIONS .*$/gm);
    assertEquals(lines?.at(-1), `OPTIONS ${sent} HTTP/1.1`);
  }
});

Deno.test("Deno.serve sends a 205 without a length, and drops that of a 304", async () => {
  for (const status of ["205 Reset Content", "304 Not Modified"]) {
    await using server = answering(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    await using served = await serveBalancer([server.url]);
    const response = await exchangeRaw(served.url, `GET / HTTP/1.1\r\n${END}\r\n`);
    assertMatch(response, new RegExp(`^HTTP/1\\.1 ${status}\r\ndate: .*\r\nconnection: close\r\n`));
  }
});
