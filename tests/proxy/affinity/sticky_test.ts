import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LoadBalancer, type LoadBalancerOptions } from "../../../mod.ts";
import { activeRequests, serveBalancer, type ServedBalancer } from "../../testing/balancer.ts";
import { CookieClient } from "../../testing/cookie_client.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";
import { exchangeRaw } from "../../testing/raw_client.ts";
import { answering, unusedUrl } from "../../testing/raw_server.ts";
import { SampleServer } from "../../testing/sample_server.ts";

const SECRET = "a secret of tests";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const SET_COOKIE = /^ballast=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/;

function serveSticky(
  urls: readonly string[],
  options: LoadBalancerOptions = {},
): Promise<ServedBalancer> {
  return serveBalancer(urls, { policy: "round_robin", sticky: { secret: SECRET }, ...options });
}

Deno.test("sticky sessions keep a client at the server that answered it first", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const clients = [new CookieClient(served.url), new CookieClient(served.url)];
  // Round robin would send each of these to another server than the one before.
  assertEquals(await clients[0]!.getMany(20), ["one"]);
  assertEquals(await clients[1]!.getMany(20), ["two"]);
  for (const { received } of clients) {
    assertEquals(received.length, 1);
    assertMatch(received[0]!, SET_COOKIE);
  }
});

Deno.test("sticky sessions: without the cookie, the policy chooses", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const names = [];
  for (let i = 0; i < 4; i++) names.push(await new CookieClient(served.url).get());
  assertEquals(names, ["one", "two", "one", "two"]);
});

Deno.test("sticky sessions move a client, with a new cookie, when its server is removed", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const client = new CookieClient(served.url);
  assertEquals(await client.get(), "one");
  served.balancer.remove(one.url);
  assertEquals(await client.getMany(5), ["two"]);
  // The slot belongs to another server now; the old cookie is not for it.
  await using three = new SampleServer("three");
  served.balancer.add({ url: three.url, weight: 1000, healthCheckPeriod: 0 });
  assertEquals(await client.getMany(5), ["two"]);
  assertEquals(client.received.length, 2);
});

Deno.test("sticky sessions move a client when its server is drained", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const client = new CookieClient(served.url);
  assertEquals(await client.get(), "one");
  served.balancer.update(one.url, { weight: 0 });
  assertEquals(await client.getMany(3), ["two"]);
  served.balancer.update(one.url, { weight: 1 });
  assertEquals(await client.getMany(3), ["two"]);
  assertEquals(client.received.length, 2);
});

Deno.test("sticky sessions move a client when its server does not accept the connection", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const client = new CookieClient(served.url);
  assertEquals(await client.get(), "one");
  await one.kill();
  assertEquals(await client.getMany(3), ["two"]);
  assertEquals(client.received.length, 2);
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("sticky sessions move a client when its server is unhealthy", async () => {
  await using watcher = await LogWatcher.start();
  // It answers requests, but fails its health checks.
  await using ill = answering("HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nill");
  await using well = new SampleServer("well");
  await using served = await serveSticky([ill.url, well.url]);
  const client = new CookieClient(served.url);
  assertEquals(await client.getMany(2), ["ill"]);
  const unhealthy = watcher.waitFor("unhealthy");
  served.balancer.update(ill.url, { healthCheckPeriod: 1 });
  await unhealthy;
  assertEquals(await client.getMany(3), ["well"]);
  assertEquals(client.received.length, 2);
});

Deno.test("sticky sessions ignore cookies that are forged, truncated or for another balancer", async () => {
  await using one = answering(OK);
  await using two = answering(OK);
  await using served = await serveSticky([one.url, two.url]);
  const client = new CookieClient(served.url);
  await client.get();
  const good = client.cookie.slice("ballast=".length);
  await using elsewhere = await serveSticky([one.url], { sticky: { secret: `${SECRET}?` } });
  const stranger = new CookieClient(elsewhere.url);
  await stranger.get();
  const bad = [
    `ballast=${good.slice(0, -1)}`,
    `ballast=${good}x`,
    `ballast=${good.toUpperCase()}`,
    `ballast="${good}"`,
    `Ballast=${good}`,
    "ballast=",
    "ballast",
    `ballast=${one.url}`,
    "ballast=__proto__",
    `ballast=${"x".repeat(20_000)}`,
    stranger.cookie,
  ];
  for (const cookie of bad) {
    const other = new CookieClient(served.url);
    other.cookie = cookie;
    await other.get();
    assertEquals(other.received.length, 1, cookie);
    assertMatch(other.received[0]!, SET_COOKIE);
  }
  assertEquals(activeRequests(served.balancer), 0);
});

Deno.test("sticky sessions use the first valid one of several cookies", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url]);
  const [first, second] = [new CookieClient(served.url), new CookieClient(served.url)];
  assertEquals([await first.get(), await second.get()], ["one", "two"]);
  const client = new CookieClient(served.url);
  client.cookie = `ballast=forged; a=1; ${second.cookie}; ${first.cookie}`;
  assertEquals(await client.getMany(3), ["two"]);
  assertEquals(client.received, []);
});

Deno.test("sticky sessions hide their cookie from the server, and forward the others", async () => {
  await using server = answering(OK);
  await using served = await serveSticky([server.url]);
  const end = "\r\nHost: a\r\nConnection: close\r\n\r\n";
  for (const cookie of ['a=\xe91;ballast=x ; b = "2"', "ballast=x", "a=1"]) {
    await exchangeRaw(served.url, `GET / HTTP/1.1\r\nCookie: ${cookie}${end}`);
  }
  await exchangeRaw(served.url, `GET / HTTP/1.1\r\nCookie: ballast=x\r\nCookie: c=3${end}`);
  const received = server.connections.map((connection) => connection.received()).join("");
  const fields = received.split("\r\n").filter((line) => line.startsWith("cookie:"));
  assertEquals(fields, ['cookie: a=\xe91; b = "2"', "cookie: a=1", "cookie: c=3"]);
});

Deno.test("sticky sessions leave the server's own cookies as they are", async () => {
  await using server = answering(
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
  );
  await using served = await serveSticky([server.url]);
  const response = await fetch(served.url);
  await response.body?.cancel();
  const [a, b, sticky] = response.headers.getSetCookie();
  assertEquals([a, b], ["a=1", "b=2"]);
  assertMatch(sticky!, SET_COOKIE);
});

Deno.test("sticky sessions set no cookie on a local reply", async () => {
  await using served = await serveSticky([unusedUrl()]);
  const response = await fetch(served.url);
  await response.body?.cancel();
  assertEquals([response.status, response.headers.getSetCookie()], [502, []]);
});

Deno.test("sticky sessions are Secure for a client that connected by https", async () => {
  await using server = answering(OK);
  await using balancer = new LoadBalancer({
    servers: [{ url: server.url, healthCheckPeriod: 0 }],
    sticky: { secret: SECRET },
  });
  const response = await balancer.fetch(new Request("https://example.com/"));
  await response.text();
  assertStringIncludes(response.headers.get("set-cookie")!, "; SameSite=Lax; Secure");
});

Deno.test("sticky sessions: balancers with the same secret accept each other's cookies", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using here = await serveSticky([one.url, two.url]);
  await using there = await serveSticky([two.url, one.url]);
  const client = new CookieClient(here.url);
  assertEquals(await client.get(), "one");
  const moved = new CookieClient(there.url);
  moved.cookie = client.cookie;
  assertEquals(await moved.getMany(4), ["one"]);
  assertEquals(moved.received, []);
});

Deno.test("sticky sessions: all workers accept each other's cookies", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveSticky([one.url, two.url], { workers: 2 });
  const [client, other] = [new CookieClient(served.url), new CookieClient(served.url)];
  const [name] = await client.getMany(1);
  // Each request comes on its own connection, to either of the workers.
  assertEquals(await client.getMany(40), [name!]);
  assertEquals(client.received.length, 1);
  await using three = new SampleServer("three");
  served.balancer.add({ url: three.url, healthCheckPeriod: 0 });
  served.balancer.remove(name === "one" ? one.url : two.url);
  await served.balancer.settled();
  const [next] = await client.getMany(1);
  assert(next !== name);
  assertEquals(await client.getMany(40), [next!]);
  assertEquals(client.received.length, 2);
  await other.get();
});

Deno.test("without sticky sessions, a cookie of that name is forwarded like any other", async () => {
  await using server = answering(OK);
  await using served = await serveBalancer([server.url]);
  const response = await fetch(served.url, { headers: { cookie: "ballast=x" } });
  await response.text();
  assertEquals(response.headers.getSetCookie(), []);
  assertStringIncludes(server.connections[0]!.received(), "cookie: ballast=x\r\n");
});
