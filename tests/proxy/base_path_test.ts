import { assertEquals, assertMatch } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { exchangeRaw } from "../testing/raw_client.ts";
import { answering } from "../testing/raw_server.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const WEB_SOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
  `Sec-WebSocket-Key: ${"A".repeat(22)}==\r\n`;
/** The last request of a connection. */
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

Deno.test("ProxyHandler.fetch() refuses a path that leaves a server's base path", async () => {
  await using server = answering(OK);
  // A single failure would eject a server that is to blame.
  const ejection = { connectionFailures: 1, failedResponses: 1, maxShare: 100 };
  await using served = await serveBalancer([`${server.url}/app`], { ejection });
  for (const target of ["/../admin", "/%2e%2e/admin", "http://a/x/../../admin", "/..;/admin"]) {
    for (const fields of ["", WEB_SOCKET]) {
      const request = `GET ${target} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
      const response = await exchangeRaw(served.url, request + LAST);
      assertMatch(response, /^HTTP\/1\.1 400 [^]*dot segments that lead out of the server's base/);
    }
  }
  const targets = server.connections.flatMap((one) => one.received().match(/^GET \S+/gm) ?? []);
  assertEquals(new Set(targets), new Set(["GET /app/last"]));
  const [status] = served.balancer.servers();
  assertEquals([status!.ejection, activeRequests(served.balancer)], [undefined, 0]);
});

Deno.test("ProxyHandler.fetch() forwards a path with dots unchanged", async () => {
  await using server = answering(OK);
  for (const [base, target] of [["/app", "/x/../y"], ["", "/../admin"], ["", "/%2e%2e/admin"]]) {
    await using served = await serveBalancer([`${server.url}${base}`]);
    const fields = "Host: a\r\nConnection: close\r\n\r\n";
    assertMatch(
      await exchangeRaw(served.url, `GET ${target} HTTP/1.1\r\n${fields}`),
      / 200 OK\r\n/,
    );
    const [line] = server.connections.at(-1)!.received().split("\r\n");
    assertEquals(line, `GET ${base}${target} HTTP/1.1`);
  }
});
