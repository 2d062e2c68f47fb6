import { assertEquals } from "@std/assert";
import { LoadBalancer, type ServerStatus, type Traffic } from "../../mod.ts";
import { StatusPublisher } from "../../src/cluster/members/status_publisher.ts";
import { SharedKeys } from "../../src/cluster/store/shared_keys.ts";
import { AdminCaller, serverPath } from "../testing/admin_caller.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { unusedUrl } from "../testing/raw_server.ts";

const A = unusedUrl();

/** A balancer that notes how often somebody looks at all of its servers. */
class WatchedBalancer extends LoadBalancer {
  /** How often their status was listed. */
  listed = 0;
  /** How often the counts of each of them were listed. */
  counted = 0;

  override servers(): ServerStatus[] {
    this.listed++;
    return super.servers();
  }

  override traffic(): Traffic {
    const traffic = super.traffic();
    const count = () => this.counted++;
    return {
      ...traffic,
      get servers() {
        count();
        return traffic.servers;
      },
    };
  }
}

/** Calls a function, and counts the arrays of numbers that it makes. */
function arraysMade(action: () => unknown): number {
  const original = globalThis.Float64Array;
  let made = 0;
  globalThis.Float64Array = new Proxy(original, {
    construct(target, args, newTarget) {
      made++;
      return Reflect.construct(target, args, newTarget);
    },
  });
  try {
    action();
  } finally {
    globalThis.Float64Array = original;
  }
  return made;
}

Deno.test("LoadBalancer.traffic() makes as many arrays for many servers as for one", async () => {
  const made: number[] = [];
  for (const count of [1, 100]) {
    await using balancer = new LoadBalancer();
    for (let i = 0; i < count; i++) {
      balancer.add({ url: `http://127.0.0.1:${3000 + i}`, healthCheckPeriod: 0 });
    }
    made.push(arraysMade(() => assertEquals(balancer.traffic().servers.length, count)));
  }
  assertEquals(made[0], made[1]);
});

Deno.test("LoadBalancer.traffic() tells what it was when it was asked", async () => {
  await using balancer = new LoadBalancer({ servers: [{ url: A, healthCheckPeriod: 0 }] });
  const before = balancer.traffic();
  await (await balancer.fetch(new Request("http://a/"))).body?.cancel();
  const failures = (traffic: Traffic) => traffic.servers[0]!.failures.connection;
  assertEquals([failures(before), failures(balancer.traffic())], [0, 1]);
  balancer.remove(A);
  assertEquals([before.servers.length, balancer.traffic().servers.length], [1, 0]);
  assertEquals(JSON.parse(JSON.stringify(before)).servers[0].server.url, A);
});

Deno.test("what a balancer tells the others of its traffic lists no servers' counts", async () => {
  await using balancer = new WatchedBalancer({ servers: [{ url: A, healthCheckPeriod: 0 }] });
  const clock = new FakeClock();
  using publisher = new StatusPublisher({
    balancer,
    member: {
      id: "one",
      name: "one",
      version: "1",
      startedAt: clock.date(),
      admin: undefined,
      sharesHealth: false,
    },
    checks: undefined,
    keys: new SharedKeys("/ballast/"),
    revision: () => 1,
    clock,
    onDelta: () => {},
  });
  await (await balancer.fetch(new Request("http://a/"))).body?.cancel();
  const { requestsPerSecond, servers } = publisher.status();
  assertEquals([requestsPerSecond! > 0, servers, balancer.counted], [true, 1, 0]);
});

Deno.test("what is done with one server looks at no other", async () => {
  await using balancer = new WatchedBalancer({
    servers: [{ url: A, name: "one", healthCheckPeriod: 0 }],
  });
  const admin = new AdminCaller(balancer);
  for (const key of ["one", A, `${A}/`]) {
    const path = serverPath(key);
    const calls = [
      admin.call("GET", path),
      admin.call("PATCH", path, { body: { weight: 2 }, headers: { "if-match": "*" } }),
      admin.call("PUT", path, { body: { name: "one" } }),
      admin.call("POST", `${path}/drain`),
      admin.call("POST", `${path}/enable`),
      admin.call("POST", `${path}/check`),
    ];
    for (const answer of await Promise.all(calls)) assertEquals(answer.status, 200);
  }
  assertEquals((await admin.call("GET", serverPath("two"))).status, 404);
  assertEquals((await admin.call("DELETE", serverPath("one"))).status, 200);
  assertEquals((await admin.call("PUT", serverPath(A), { body: {} })).status, 201);
  assertEquals(balancer.listed, 0);
});

Deno.test("LoadBalancer.find() finds servers and entries by URL and by name", async () => {
  const entry = { url: "http://app.invalid:80", name: "two", discover: "dns" } as const;
  await using balancer = new LoadBalancer({
    servers: [
      { url: A, name: "one", healthCheckPeriod: 0 },
      { url: "http://127.0.0.1:3002", name: "two", healthCheckPeriod: 0 },
      entry,
    ],
    dns: { server: "127.0.0.1:1" },
  });
  const found = (key: Parameters<typeof balancer.find>[0]) =>
    balancer.find(key).map((server) => [server.url, "healthy" in server]);
  assertEquals(found({ url: A }), [[A, true]]);
  assertEquals(found({ name: "one" }), [[A, true]]);
  assertEquals(found({ name: "two" }), [["http://127.0.0.1:3002", true], [
    "http://app.invalid",
    false,
  ]]);
  assertEquals(found({ url: "http://app.invalid" }), [["http://app.invalid", false]]);
  assertEquals([found({ url: "http://other" }), found({ name: "other" })], [[], []]);
});
