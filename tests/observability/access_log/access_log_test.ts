import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../../mod.ts";
import { Deadlines } from "../../../src/runtime/deadlines.ts";
import { AccessLog } from "../../../src/observability/access_log/access_log.ts";
import { RequestRecord } from "../../../src/proxy/request_record.ts";
import { AccessLines, readAccessLines } from "../../testing/access_lines.ts";
import { serveBalancer } from "../../testing/balancer.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { exchangeRaw, RawClient } from "../../testing/raw_client.ts";
import { answering, answeringAndClosing, RawServer, unusedUrl } from "../../testing/raw_server.ts";
import { connectPeer, echo, PeerServer } from "../../testing/web_sockets.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

function setUp(write: (lines: string) => void) {
  const clock = new FakeClock();
  const log = new AccessLog({ format: "json", write, deadlines: new Deadlines(clock), clock });
  const end = () => log.ended(new RequestRecord(new Request("http://a/"), clock));
  return { clock, log, end };
}

Deno.test("AccessLog writes few lines soon, and many at once", async () => {
  const written: string[] = [];
  const { clock, end } = setUp((lines) => void written.push(lines));
  end();
  end();
  assertEquals(written, []);
  await clock.advance(200);
  assertEquals(written.map((lines) => readAccessLines(lines).length), [2]);
  assertEquals(readAccessLines(written[0]!)[0]?.time, "2026-01-01T00:00:00.000Z");
  while (written.length === 1) end();
  assert(written[1]!.length >= 65_536 && written[1]!.length < 66_536);
  await clock.advance(1000);
  assertEquals([written.length, clock.timers], [2, 0]);
});

Deno.test("AccessLog.close() writes the current batch, and later lines at once", () => {
  const written: number[] = [];
  const { log, end, clock } = setUp((lines) => void written.push(readAccessLines(lines).length));
  end();
  end();
  log.close();
  end();
  assertEquals(written, [2, 1]);
  assertEquals(clock.timers <= 1, true);
});

Deno.test("a balancer logs each request once, with the server, the times and the sizes", async () => {
  await using server = answering(OK);
  const lines = new AccessLines();
  await using served = await serveBalancer([unusedUrl(), server.url], { accessLog: lines.option });
  for (let i = 0; i < 2; i++) await (await fetch(`${served.url}/a?b`)).text();
  const [first, second] = await lines.count(2);
  const { time, id, connect_ms, first_byte_ms, total_ms, user_agent, ...known } = first!;
  assertEquals(known, {
    client: "127.0.0.1",
    method: "GET",
    host: new URL(served.url).host,
    target: "/a?b",
    status: 200,
    bytes: 2,
    referer: null,
    server: server.url,
    attempts: 2,
    connection_reused: false,
    queue_ms: 0,
  });
  assert(Math.abs(Date.now() - Date.parse(time)) < 60_000, time);
  assertMatch(id, /^[0-9a-f]{32}$/);
  assert(connect_ms > 0 && first_byte_ms! >= connect_ms && total_ms >= first_byte_ms!);
  assert(user_agent!.startsWith("Deno/"));
  assert(second!.connection_reused && second!.id !== id);
});

Deno.test("the server gets the id that is logged, which is the client's own if it can be used", async () => {
  await using server = answering(OK);
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], { accessLog: lines.option });
  for (const id of ["my-own:1", 'bad "one"', undefined]) {
    const headers: HeadersInit = id === undefined ? {} : { "x-request-id": id };
    await (await fetch(served.url, { headers })).text();
  }
  const ids = (await lines.count(3)).map((line) => line.id);
  const received = server.connections[0]!.received();
  assertEquals([...received.matchAll(/x-request-id: (.*)\r\n/g)].map(([, id]) => id), ids);
  assertEquals(ids[0], "my-own:1");
  assertMatch(ids[1]!, /^[0-9a-f]{32}$/);
});

Deno.test("a balancer without an access log adds no id", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  await (await fetch(served.url)).text();
  assertEquals(server.connections[0]!.received().includes("x-request-id"), false);
});

Deno.test("a refused request is logged with its status, its size and the reason", async () => {
  const lines = new AccessLines();
  await using served = await serveBalancer([], {
    accessLog: lines.option,
    limits: { requestBody: 1 },
  });
  const requests = [
    GET,
    GET.replace("GET", "TRACE"),
    GET.replace("Host: a", "Host: a b"),
    GET.replace("GET", "HEAD"),
    GET.replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab"),
    GET.replace("close", "upgrade, close\r\nUpgrade: websocket"),
  ];
  const sizes: number[] = [];
  for (const request of requests) {
    const [, content = ""] = (await exchangeRaw(served.url, request)).split("\r\n\r\n");
    sizes.push(content.length);
  }
  const seen = (await lines.count(6)).map(({ status, failure }) => [status, failure]);
  assertEquals(seen, [
    [503, "no_server"],
    [405, "bad_request"],
    [400, "bad_request"],
    [503, "no_server"],
    [413, "content_too_large"],
    [426, "bad_request"],
  ]);
  assertEquals(lines.all.map(({ bytes }) => bytes), sizes);
  assert(lines.all.every(({ client, server }) => client === "127.0.0.1" && server === null));
});

Deno.test("a client that disconnected before its response is logged with 499, later with the status", async () => {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection, number) => {
    await connection.waitFor("\r\n\r\n");
    if (number === 1) return arrive();
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    for (let i = 0; i < 1000; i++) await connection.send("x".repeat(100_000));
  });
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], { accessLog: lines.option });
  for (const number of [1, 2]) {
    const client = await RawClient.connect(served.url);
    await client.send(GET);
    if (number === 1) await arrived;
    else await client.readUntil("xxx");
    client.close();
    await lines.count(number);
  }
  const [before, during] = lines.all;
  assertEquals([before?.status, before?.bytes, before?.failure], [499, 0, "client_gone"]);
  assertEquals([during?.status, during?.failure], [200, "client_gone"]);
  assert(during!.bytes > 0 && during!.bytes < 100_000_000);
});

Deno.test("a streamed response is logged at its end, even if the server breaks it off", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    await held;
    await connection.send("4\r\nlast\r\n0\r\n\r\n");
  });
  await using broken = answeringAndClosing(
    "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc",
  );
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], { accessLog: lines.option });
  const response = await fetch(served.url);
  assertEquals(lines.all, []);
  release();
  assertEquals(await response.text(), "firstlast");
  assertEquals((await lines.count(1))[0]?.bytes, 9);
  await served.balancer.setServers([{ url: broken.url, healthCheckPeriod: 0 }]);
  await exchangeRaw(served.url, GET);
  const line = (await lines.count(2))[1]!;
  assertEquals([line.status, line.bytes, line.failure], [200, 3, "incomplete"]);
});

Deno.test("a WebSocket is logged once, when it is closed", async () => {
  await using server = await PeerServer.start({ onPeer: echo });
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], { accessLog: lines.option });
  const client = await connectPeer(`${served.url}/chat?x`);
  client.send("hello");
  assertEquals(await client.next(), "hello");
  assertEquals(lines.all, []);
  client.socket.close(1000);
  await client.closed;
  const [line] = await lines.count(1);
  assertEquals([line?.status, line?.target, line?.failure], [101, "/chat?x", undefined]);
  const { headers } = await server.request(1);
  assertEquals(headers["x-request-id"], line?.id);
  await connectPeer(served.url);
  await served.balancer.close();
  assertEquals(lines.all.map(({ status }) => status), [101, 101]);
});

Deno.test("LoadBalancer.close() loses no line, not even of requests that it breaks off", async () => {
  await using server = new RawServer(async (connection) => {
    await connection.waitFor("\r\n\r\n");
    await connection.send(OK);
    await connection.waitFor("\r\n\r\n", 2);
    await connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\na");
  });
  const lines = new AccessLines();
  await using served = await serveBalancer([server.url], { accessLog: lines.option });
  await exchangeRaw(served.url, GET);
  await using client = await RawClient.connect(served.url);
  await client.send(GET);
  await client.readUntil("\r\n\r\na");
  await served.balancer.close(AbortSignal.abort());
  assertEquals(lines.all.map(({ status }) => status), [200, 200]);
});

Deno.test("LoadBalancer reports what is wrong with an access log", () => {
  const faultOf = (accessLog: unknown) =>
    assertThrows(() => new LoadBalancer({ accessLog } as never), BalancerError).faults;
  const write = () => {};
  assertEquals(faultOf({ format: "xml", write })[0]?.path, "accessLog.format");
  assertEquals(faultOf({ format: "json" })[0]?.path, "accessLog.write");
});
