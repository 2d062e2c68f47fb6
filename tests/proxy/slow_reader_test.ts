import { assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { http2Request } from "../hostile/clients/http2.ts";
import { AccessLines } from "../testing/access_lines.ts";
import { activeRequests, serveBalancer, untilIdle } from "../testing/balancer.ts";
import { certificate, pem } from "../testing/certificates.ts";
import { type Flood, flooding } from "../testing/flooding_server.ts";
import { until, within } from "../testing/until.ts";
import { exchangeRaw, RawClient } from "../testing/raw_client.ts";
import { answering, answeringAndClosing, RawServer } from "../testing/raw_server.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LENGTH = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000";

/** Settings of all balancers in these tests: any failure of the server would eject it. */
const IMPATIENT = {
  timeouts: { content: 1 },
  ejection: { connectionFailures: 1, failedResponses: 1, maxShare: 100 },
};

/** An HTTP/2 request for a server name, from a client that reads no content. */
function http2Get(scheme: string): string {
  const fields = [[":method", "GET"], [":scheme", scheme], [":authority", "a"], [":path", "/"]];
  return http2Request({ fields: fields as [string, string][], window: 0 });
}

/** Lets a client send a request and not read; the request must end without blaming the server. */
async function assertGivenUp({ server }: Pick<Flood, "server">, request: string): Promise<void> {
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], {
    ...IMPATIENT,
    accessLog: lines.option,
  });
  await using client = await RawClient.connect(served.url);
  await client.send(request);
  const upstream = await within("the request reaches the server", server.connection(1));
  await within("the server's connection is closed", upstream.closed);
  await untilIdle(served);
  const [line] = await within("the request is logged", lines.count(1));
  assertEquals([line?.status, line?.failure], [200, "client_gone"]);
  const [status] = served.balancer.servers();
  assertEquals([status?.active, status?.ejection], [0, undefined]);
}

const FLOODS: readonly [string, () => Flood][] = [
  ["with a length", () => flooding(LENGTH)],
  ["in chunks", () => flooding("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", true)],
  ["until the close", () => flooding("HTTP/1.1 200 OK")],
];

for (const [framing, flood] of FLOODS) {
  for (const [protocol, request] of [["HTTP/1.1", GET], ["HTTP/2", http2Get("http")]] as const) {
    Deno.test(`timeouts.content ends a response that a client does not read (${framing}, ${protocol})`, async () => {
      const { server } = flood();
      await using _ = server;
      await assertGivenUp({ server }, request);
    });
  }
}

Deno.test("timeouts.content ends a response that a client does not read (TLS)", async () => {
  const { server } = flooding(LENGTH);
  await using _ = server;
  const balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
    ...IMPATIENT,
  });
  const tls = certificate("localhost");
  const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0, tls });
  const { hostname, port } = listener.addr;
  const client = await Deno.connectTls({ hostname, port, caCerts: [pem("ca.crt")] });
  await client.write(new TextEncoder().encode(GET));
  const upstream = await within("the request reaches the server", server.connection(1));
  await within("the server's connection is closed", upstream.closed);
  assertEquals(activeRequests(balancer), 0);
  client.close();
  await listener.shutdown();
  await balancer.close();
});

Deno.test("timeouts.content frees the server of a response that the platform holds for a client that does not read", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n";
  await using server = answering(head + "x".repeat(70_000));
  await using served = await serveBalancer([server.url], IMPATIENT);
  await using client = await RawClient.connect(served.url);
  await client.send(http2Get("http"));
  await within("the request reaches the server", server.connection(1));
  await untilIdle(served);
  const [status] = served.balancer.servers();
  assertEquals([status?.active, status?.ejection], [0, undefined]);
});

Deno.test("a client that does not read occupies a server with max_connections for no longer", async () => {
  let answered = 0;
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    if (++answered > 1) return await connection.send("HTTP/1.1 204 No Content\r\n\r\n");
    await connection.send(`${LENGTH}\r\n\r\n`);
    for (const piece = new Uint8Array(65_536);;) await connection.send(piece);
  });
  await using served = await serveBalancer([], {
    ...IMPATIENT,
    servers: [{ url: server.url, healthCheckPeriod: 0, maxConnections: 1 }],
  });
  await using client = await RawClient.connect(served.url);
  await client.send(GET);
  await within("the request reaches the server", server.connection(1));
  const next = exchangeRaw(served.url, GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
  assertEquals((await within("the next client is served", next)).slice(0, 12), "HTTP/1.1 204");
});

Deno.test("a server that breaks off frees its slot even if the client does not read", async () => {
  await using server = answeringAndClosing(`${LENGTH}\r\n\r\n${"x".repeat(90_000)}`);
  await using served = await serveBalancer([server.url], { timeouts: { content: 1 } });
  await using client = await RawClient.connect(served.url);
  await client.send(http2Get("http"));
  await within("the request reaches the server", server.connection(1));
  await untilIdle(served);
});

Deno.test("LoadBalancer.fetch() gives up on a response that nobody reads, and late reads fail", async () => {
  const { server } = flooding(LENGTH);
  await using _ = server;
  const balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
    ...IMPATIENT,
  });
  const response = await balancer.fetch(new Request("http://example.com/"));
  const upstream = await within("the request reaches the server", server.connection(1));
  await within("the server's connection is closed", upstream.closed);
  assertEquals(activeRequests(balancer), 0);
  const failure = await within("it fails", response.text().catch((error) => error.code));
  assertEquals(failure, "client_gone");
  await balancer.close();
});

Deno.test("LoadBalancer.fetch() reads ahead as much as before after responses that were left unread", async () => {
  const { server } = flooding(LENGTH);
  await using _ = server;
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
    ...IMPATIENT,
  });
  /** The readers, which are kept: when one is garbage-collected, its response is released. */
  const readers: ReadableStreamDefaultReader<Uint8Array>[] = [];
  async function largestPiece(): Promise<number> {
    const { body } = await balancer.fetch(new Request("http://example.com/"));
    const reader = body!.getReader();
    readers.push(reader);
    let largest = 0;
    for (let piece = 0; piece < 8; piece++) {
      largest = Math.max(largest, (await reader.read()).value!.length);
    }
    return largest;
  }
  const largest = await largestPiece();
  // Together they use up the read-ahead budget.
  for (let response = 0; response < 64; response++) await largestPiece();
  await until("they are given up", () => activeRequests(balancer) === 0);
  assertEquals(await largestPiece(), largest);
  await Promise.all(readers.map((reader) => reader.cancel().catch(() => {})));
});
