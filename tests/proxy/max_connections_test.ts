import { assertEquals } from "@std/assert";
import type { LoadBalancer, LoadBalancerOptions } from "../../mod.ts";
import { activeRequests, serveBalancer, type ServedBalancer } from "../testing/balancer.ts";
import { GatedServer } from "../testing/gated_server.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { SampleServer } from "../testing/sample_server.ts";

/** A balancer over one server with a limit. */
function serveLimited(
  { url }: { url: string },
  maxConnections: number,
  options: LoadBalancerOptions = {},
): Promise<ServedBalancer> {
  const servers = [{ url, maxConnections, healthCheckPeriod: 0 }];
  return serveBalancer([], { servers, ...options });
}

/** Passes a request straight to the balancer, so that the order of requests is certain. */
function send(balancer: LoadBalancer, path: string, init?: RequestInit): Promise<Response> {
  return balancer.fetch(new Request(`http://example.com${path}`, init));
}

/** The response to a client: status, `Retry-After` and `Proxy-Status`. */
async function seen(response: Promise<Response>): Promise<unknown[]> {
  const { status, headers, body } = await response;
  await body?.cancel();
  return [status, headers.get("retry-after"), headers.get("proxy-status")];
}

const SERVED = [200, null, null];
const BUSY = [503, "1", "ballast; error=connection_limit_reached"];

for (const workers of [1, 2]) {
  Deno.test(`max_connections is reached and never exceeded, workers: ${workers}`, async () => {
    await using server = new GatedServer();
    await using served = await serveLimited(server, 3, { workers });
    const responses = Array.from(
      { length: 30 },
      () => fetch(served.url, { headers: { connection: "close" } }).then((it) => it.text()),
    );
    for (let arrived = 3; arrived <= 30; arrived++) {
      await server.arrivals(arrived);
      server.release();
    }
    server.open();
    assertEquals(new Set(await Promise.all(responses)), new Set(["released"]));
    assertEquals(server.peak, 3);
    assertEquals(activeRequests(served.balancer), 0);
  });
}

Deno.test("requests over the limit go to servers below theirs", async () => {
  await using one = new GatedServer();
  await using two = new GatedServer();
  await using served = await serveBalancer([], {
    servers: [
      { url: one.url, maxConnections: 1, weight: 1000, healthCheckPeriod: 0 },
      { url: two.url, healthCheckPeriod: 0 },
    ],
  });
  const responses = Array.from({ length: 5 }, () => seen(send(served.balancer, "/")));
  await Promise.all([one.arrivals(1), two.arrivals(4)]);
  one.open();
  two.open();
  assertEquals(await Promise.all(responses), Array(5).fill(SERVED));
});

Deno.test("a queued request gets the server when it is free, first come, first served", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const paths = ["/1", "/2", "/3", "/4", "/5"];
  const responses = paths.map((path) => seen(send(served.balancer, path)));
  for (const [i, response] of responses.entries()) {
    await server.arrivals(i + 1);
    server.release();
    assertEquals(await response, SERVED);
  }
  assertEquals([server.arrived, server.peak], [paths, 1]);
});

Deno.test("a request that arrives just when a server becomes free does not pass the queue", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const before = ["/1", "/2"].map((path) => seen(send(served.balancer, path)));
  await server.arrivals(1);
  // The queued request has not been woken up.
  served.balancer.update(server.url, { maxConnections: 2 });
  const late = seen(send(served.balancer, "/3"));
  await server.arrivals(2);
  server.open();
  assertEquals(await Promise.all([...before, late]), [SERVED, SERVED, SERVED]);
  assertEquals(server.arrived, ["/1", "/2", "/3"]);
});

Deno.test("a request that finds the queue full gets 503 and Retry-After at once", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1, { limits: { queue: 1 } });
  const responses = ["/1", "/2"].map((path) => seen(send(served.balancer, path)));
  assertEquals(await seen(send(served.balancer, "/3")), BUSY);
  server.open();
  assertEquals(await Promise.all(responses), [SERVED, SERVED]);
  assertEquals(await seen(send(served.balancer, "/4")), SERVED);
  assertEquals(server.arrived, ["/1", "/2", "/4"]);
});

Deno.test("a request that is queued for too long gets 503 and Retry-After", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1, { timeouts: { queue: 0.05 } });
  const first = seen(send(served.balancer, "/1"));
  assertEquals(await seen(fetch(`${served.url}/2`)), BUSY);
  server.open();
  assertEquals(await first, SERVED);
  assertEquals([server.arrived, activeRequests(served.balancer)], [["/1"], 0]);
});

Deno.test("a client that disconnects while it is queued leaves the queue", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1, { limits: { queue: 1 } });
  const { balancer } = served;
  const first = seen(send(balancer, "/1"));
  const client = new AbortController();
  const gone = send(balancer, "/gone", { signal: client.signal });
  assertEquals(await seen(send(balancer, "/refused")), BUSY);
  client.abort();
  assertEquals((await gone).status, 400);
  const second = seen(send(balancer, "/2"));
  assertEquals(await seen(send(balancer, "/refused")), BUSY);
  server.open();
  assertEquals(await Promise.all([first, second]), [SERVED, SERVED]);
  assertEquals(server.arrived, ["/1", "/2"]);
});

Deno.test("a client that disconnects frees its server for the next one", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const client = new AbortController();
  const gone = send(served.balancer, "/gone", { signal: client.signal });
  const next = seen(send(served.balancer, "/next"));
  await server.arrivals(1);
  client.abort();
  assertEquals((await gone).status, 400);
  await server.arrivals(2);
  server.open();
  assertEquals(await next, SERVED);
});

Deno.test("a change of maxConnections takes effect, up and down", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const { balancer } = served;
  const before = ["/1", "/2"].map((path) => seen(send(balancer, path)));
  await server.arrivals(1);
  balancer.update(server.url, { maxConnections: 2 });
  await server.arrivals(2);
  balancer.update(server.url, { maxConnections: 1 });
  const after = ["/3", "/4"].map((path) => seen(send(balancer, path)));
  server.release();
  await before[0];
  server.release();
  for (const count of [3, 4]) {
    await server.arrivals(count);
    server.release();
  }
  assertEquals(await Promise.all([...before, ...after]), Array(4).fill(SERVED));
  assertEquals(server.loads, [1, 2, 1, 1]);
});

Deno.test("a server that is added takes queued requests", async () => {
  await using busy = new GatedServer();
  await using added = new SampleServer("added");
  await using served = await serveLimited(busy, 1);
  const first = seen(send(served.balancer, "/1"));
  const second = seen(send(served.balancer, "/2"));
  served.balancer.add({ url: added.url, healthCheckPeriod: 0 });
  assertEquals(await second, SERVED);
  busy.open();
  assertEquals(await first, SERVED);
  assertEquals([busy.arrived.length, added.hits], [1, 1]);
});

Deno.test("a server that is trusted again takes queued requests", async () => {
  await using log = await LogWatcher.start();
  await using back = new SampleServer("back");
  await using busy = new GatedServer();
  await back.kill();
  await using served = await serveBalancer([back.url, busy.url], {
    ejection: { connectionFailures: 1, backoff: 0.2 },
  });
  const { balancer } = served;
  balancer.update(busy.url, { maxConnections: 1 });
  const first = seen(send(balancer, "/1"));
  await log.waitFor(`Ejected ${back.url}`);
  await busy.arrivals(1);
  back.start();
  // It waits for the trusted server, not for the ejected one.
  const second = seen(send(balancer, "/2"));
  await log.waitFor(`Probing ${back.url}`);
  assertEquals([await second, back.hits], [SERVED, 1]);
  busy.open();
  assertEquals(await first, SERVED);
});

Deno.test("a request queued for a server that is removed fails with no server", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const first = seen(send(served.balancer, "/1"));
  const second = seen(send(served.balancer, "/2"));
  await server.arrivals(1);
  served.balancer.remove(server.url);
  assertEquals(await second, [503, null, "ballast; error=destination_unavailable"]);
  server.open();
  assertEquals(await first, SERVED);
});

Deno.test("LoadBalancer.close() serves queued requests before it ends", async () => {
  await using server = new GatedServer();
  await using served = await serveLimited(server, 1);
  const responses = ["/1", "/2"].map((path) => seen(send(served.balancer, path)));
  await server.arrivals(1);
  const closed = served.balancer.close();
  server.open();
  assertEquals(await Promise.all(responses), [SERVED, SERVED]);
  await closed;
});
