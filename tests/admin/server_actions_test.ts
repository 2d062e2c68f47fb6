import { assert, assertEquals } from "@std/assert";
import { LoadBalancer } from "../../mod.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";
import { serveBalancer } from "../testing/balancer.ts";
import { CookieClient } from "../testing/cookie_client.ts";
import { SampleServer } from "../testing/sample_server.ts";

const SECRET = "a secret of tests";

for (const workers of [1, 2]) {
  Deno.test(`POST /servers/{server}/drain and /enable steer requests, with ${workers} workers`, async () => {
    await using one = new SampleServer("one");
    await using two = new SampleServer("two");
    await using served = await serveBalancer([one.url, two.url], { workers });
    const admin = new AdminCaller(served.balancer);
    const drained = await admin.call("POST", `${serverPath(one.url)}/drain`);
    assertEquals([drained.status, drained.json.draining, drained.json.weight], [200, true, 1]);
    for (let i = 0; i < 10; i++) assertEquals(await (await fetch(served.url)).text(), "two");
    const enabled = await admin.call("POST", `${serverPath(one.url)}/enable`);
    assertEquals([enabled.status, enabled.json.draining], [200, false]);
    const read = await admin.call("GET", serverPath(one.url));
    assertEquals(enabled.headers.get("etag"), read.headers.get("etag"));
    const answers = new Set<string>();
    for (let i = 0; i < 10; i++) answers.add(await (await fetch(served.url)).text());
    assertEquals([...answers].sort(), ["one", "two"]);
  });
}

Deno.test("a draining server keeps no sticky sessions, like one with weight 0", async () => {
  await using one = new SampleServer("one");
  await using two = new SampleServer("two");
  await using served = await serveBalancer([one.url, two.url], { sticky: { secret: SECRET } });
  const admin = new AdminCaller(served.balancer);
  const client = new CookieClient(served.url);
  const [home, other] = await client.get() === "one" ? [one, two] : [two, one];
  for (
    const [drain, undo] of [[{ draining: true }, { draining: false }], [{ weight: 0 }, {
      weight: 1,
    }]]
  ) {
    await admin.call("PATCH", serverPath(home.url), { body: drain });
    assertEquals(await client.get(), other.name);
    await admin.call("PATCH", serverPath(home.url), { body: undo });
    assertEquals(await client.get(), other.name, "it stays where it is now");
    await admin.call("POST", `${serverPath(other.url)}/drain`);
    assertEquals(await client.get(), home.name);
    await admin.call("POST", `${serverPath(other.url)}/enable`);
  }
});

Deno.test("setServers() drains and enables servers that are otherwise the same", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: "http://a", healthCheckPeriod: 0 }] });
  const server = { url: "http://a", healthCheckPeriod: 0, draining: true };
  const { changed } = await balancer.setServers([server]);
  assertEquals(changed.map(({ draining }) => draining), [true]);
  assertEquals((await balancer.setServers([server])).changed, []);
  assertEquals((await balancer.setServers([{ ...server, draining: false }])).changed.length, 1);
});

Deno.test("POST /servers/{server}/check returns the result of the check, which counts like any other", async () => {
  await using server = new SampleServer("one");
  await using balancer = new LoadBalancer({ servers: [{ url: server.url, healthCheckPeriod: 0 }] });
  const admin = new AdminCaller(balancer);
  const path = `${serverPath(server.url)}/check`;
  const passed = await admin.call("POST", path);
  assertEquals([passed.status, passed.json.passed, passed.json.detail], [200, true, "HTTP 200"]);
  await server.kill();
  const failed = await admin.call("POST", path);
  assertEquals([failed.status, failed.json.passed], [200, false]);
  const { json } = await admin.call("GET", serverPath(server.url));
  assertEquals([json.healthy, json.last_check], [false, failed.json]);
  const [traffic] = balancer.traffic().servers;
  assertEquals(traffic?.checks, { passed: 1, failed: 1 });
  assertEquals(balancer.events.after(0)?.map(({ type }) => type), ["unhealthy"]);
  assert((await admin.call("POST", `${serverPath("http://b")}/check`)).status === 404);
});
