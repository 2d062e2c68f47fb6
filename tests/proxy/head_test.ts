import { assert, assertEquals } from "@std/assert";
import { serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering } from "../testing/raw_server.ts";

/** Fields of a server's response, and the framing fields that a client receives. */
const CASES: [method: string, status: string, sent: string, received: string[]][] = [
  // RFC 9110 §9.3.2: what a GET would get, which only the server knows.
  ["HEAD", "200 OK", "", []],
  ["HEAD", "200 OK", "Transfer-Encoding: chunked\r\n", []],
  ["HEAD", "200 OK", "Content-Length: 0\r\n", ["content-length: 0"]],
  ["HEAD", "200 OK", "Content-Length: 77\r\n", ["content-length: 77"]],
  ["HEAD", "404 Not Found", "Connection: close\r\n", []],
  ["HEAD", "204 No Content", "", []],
  ["HEAD", "304 Not Modified", "", []],
  // RFC 9110 §8.6: none in a 204; a 304 may do without.
  ["GET", "204 No Content", "", []],
  ["GET", "204 No Content", "Content-Length: 0\r\n", []],
  ["GET", "304 Not Modified", "", []],
  ["GET", "304 Not Modified", "Transfer-Encoding: chunked\r\n", []],
  ["GET", "304 Not Modified", "Content-Length: 77\r\n", []],
  ["GET", "200 OK", "Content-Length: 0\r\n", ["content-length: 0"]],
  ["POST", "201 Created", "Content-Length: 0\r\n", ["content-length: 0"]],
];

Deno.test("ProxyHandler.fetch() forwards only the fields that the server has sent", async () => {
  for (const [method, status, sent, received] of CASES) {
    // RFC 9110 §15.2: interim responses add nothing to the final one.
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n";
    for (const before of ["", interim]) {
      const what = `${method} ${status} ${sent} ${before}`;
      await using server = answering(`${before}HTTP/1.1 ${status}\r\n${sent}\r\n`);
      await using served = await serveBalancer([server.url]);
      const response = await exchangeRaw(
        served.url,
        `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      const [line, ...fields] = response.split("\r\n");
      assertEquals(line, `HTTP/1.1 ${status}`, what);
      assert(response.endsWith("\r\n\r\n"), what);
      // RFC 9110 §6.6.1: a proxy adds a missing Date.
      const own = fields.filter((field) => !/^(?:date: .*|connection: close|)$/.test(field));
      assertEquals(own, received, what);
    }
  }
});

Deno.test("ProxyHandler.fetch() keeps a connection in use after a HEAD without a length", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\n\r\n");
  await using served = await serveBalancer([server.url]);
  const head = "HEAD / HTTP/1.1\r\nHost: a\r\n";
  const received = await exchangeRaw(
    served.url,
    `${head}\r\n${head}\r\n${head}Connection: close\r\n\r\n`,
  );
  assertEquals(received.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 3);
});

Deno.test("ProxyHandler.fetch() answers a HEAD over HTTP/2 without a length as well", async () => {
  await using server = answering("HTTP/1.1 200 OK\r\n\r\n");
  await using served = await serveBalancer([server.url]);
  using client = Deno.createHttpClient({ http1: false, http2: true });
  const response = await fetch(served.url, { method: "HEAD", client });
  assertEquals([response.status, await response.text()], [200, ""]);
  assertEquals(response.headers.get("content-length"), null);
});
