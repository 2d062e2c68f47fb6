import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError } from "../../../mod.ts";
import { EtcdError } from "../../../src/cluster/etcd/etcd_types.ts";
import { serverPath } from "../../testing/admin_caller.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";
import { type Sharer, Sharing, weightsOf } from "../sharing.ts";

const [A, B, C, D] = [1, 2, 3, 4].map((i) => `http://127.0.0.1:300${i}`) as [
  string,
  string,
  string,
  string,
];
const ALL = { [A]: 1, [B]: 1, [C]: 1 };
const KEY = "/b/servers/";

function init(url: string) {
  return { url, healthCheckPeriod: 0 };
}

const SEED = [A, B, C].map(init);

/** Two balancers with three servers. */
async function two(sharing: Sharing): Promise<[Sharer, Sharer]> {
  return [await sharing.sharer({ seed: SEED }), await sharing.sharer()];
}

function held({ registry }: Sharer): readonly string[] {
  return registry.registry.heldRemovals?.urls ?? [];
}

Deno.test("an etcd that comes back empty is trusted after half a minute, and reported", async () => {
  await using logs = await LogWatcher.start();
  await using sharing = new Sharing();
  const [one, other] = await two(sharing);
  sharing.etcd.restore();
  sharing.etcd.cut();
  await sharing.advance(15_000);
  for (const sharer of [one, other]) assertEquals(weightsOf(sharer), ALL);
  assertEquals([held(one), held(other)], [[A, B, C], [A, B, C]]);
  const { json: health } = await one.admin.call("GET", "/healthz");
  assertEquals([health.status, health.servers, health.registry.fault_count], ["warning", 3, 1]);
  assertEquals(health.registry.held_removals.count, 3);
  assertEquals(health.registry.held_removals.urls, undefined);
  const [warning] = health.registry.warnings;
  assertEquals(warning.code, "held_removals");
  assertStringIncludes(warning.message, "etcd has lost 3 servers that no balancer has deleted");
  const { json: stats } = await one.admin.call("GET", "/stats");
  assertEquals(stats.registry.held_removals.urls, [A, B, C]);
  const metrics = await (await one.admin.raw("GET", "/metrics")).text();
  assertStringIncludes(metrics, "\nballast_registry_held_removals 3\n");
  assertStringIncludes(metrics, '\nballast_registry_warnings{code="held_removals"} 1\n');
  const logged = logs.lines.filter((line) => line.includes("etcd has lost 3 servers"));
  assertEquals(logged.length, 2, logs.lines.join("\n"));
  await sharing.advance(30_000);
  for (const sharer of [one, other]) assertEquals([weightsOf(sharer), held(sharer)], [{}, []]);
  assertEquals((await one.admin.call("GET", "/healthz")).json.status, "ok");
});

Deno.test("servers that reappear in time are never removed", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  const before = sharing.etcd.content;
  const { latest } = one.balancer.events;
  sharing.etcd.deleteAll("/b/");
  await sharing.advance(29_000);
  assertEquals(held(one), [A, B, C]);
  for (const [key, value] of Object.entries(before)) sharing.etcd.put(key, value);
  await sharing.advance(60_000);
  assertEquals([weightsOf(one), held(one), one.balancer.events.latest], [ALL, [], latest]);
});

Deno.test("missing servers are removed only after a stable period", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  sharing.etcd.deleteAll(KEY);
  await sharing.advance(20_000);
  sharing.etcd.put(KEY + A, '{"weight": 5, "health_check_period": 0}');
  await sharing.advance(20_000);
  assertEquals([weightsOf(one), held(one)], [{ ...ALL, [A]: 5 }, [B, C]]);
  // Further deletions restart the period.
  sharing.etcd.delete(KEY + A);
  await sharing.advance(20_000);
  assertEquals(held(one), [A, B, C]);
  await sharing.advance(11_000);
  assertEquals([weightsOf(one), held(one)], [{}, []]);
});

Deno.test("the period restarts when etcd comes back", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  sharing.etcd.deleteAll(KEY);
  await sharing.advance(10_000);
  sharing.etcd.before = () => {
    throw new EtcdError("unreachable", "it is down");
  };
  sharing.etcd.cut();
  await sharing.advance(120_000);
  assertEquals([weightsOf(one), held(one)], [ALL, [A, B, C]]);
  sharing.etcd.before = () => {};
  await sharing.advance(25_000);
  assertEquals(weightsOf(one), ALL);
  await sharing.advance(10_000);
  assertEquals(weightsOf(one), {});
});

Deno.test("removals through any balancer apply everywhere at once, even of the last server", async () => {
  await using sharing = new Sharing();
  const [one, other] = await two(sharing);
  await sharing.finish(Promise.all([A, B, C].map((url) => other.registry.remove(url))));
  await sharing.advance(0);
  assertEquals([weightsOf(one), weightsOf(other), held(one)], [{}, {}, []]);
});

Deno.test("missed removals are recognized by their records", async () => {
  await using sharing = new Sharing();
  const [one, other] = await two(sharing);
  sharing.etcd.isMute = true;
  await sharing.finish(Promise.all([A, B, C].map((url) => other.registry.remove(url))));
  sharing.etcd.isMute = false;
  sharing.etcd.compact();
  sharing.etcd.cut();
  await sharing.advance(10_000);
  assertEquals([weightsOf(one), held(one)], [{}, []]);
});

Deno.test("a server deleted by hand is removed at once, except for the last one", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  for (const url of [A, B, C]) sharing.etcd.delete(KEY + url);
  await sharing.advance(0);
  assertEquals([weightsOf(one), held(one)], [{ [C]: 1 }, [C]]);
});

Deno.test("accepting the servers of etcd removes the missing ones on every balancer", async () => {
  await using sharing = new Sharing();
  const [one, other] = await two(sharing);
  sharing.etcd.deleteAll("/b/");
  sharing.etcd.put(KEY + B, "{}");
  await sharing.advance(0);
  assertEquals([held(one), held(other)], [[A, C], [A, C]]);
  const { status, json } = await sharing.finish(one.admin.call("POST", "/accept-servers"));
  assertEquals([status, json], [200, { accepted: [A, C] }]);
  await sharing.advance(0);
  for (const sharer of [one, other]) {
    assertEquals([weightsOf(sharer), held(sharer)], [{ [B]: 1 }, []]);
  }
  const again = await sharing.finish(one.admin.call("POST", "/accept-servers"));
  assertEquals(again.json, { accepted: [] });
  // It can be added again.
  await sharing.finish(other.registry.add(init(A)));
  await sharing.advance(0);
  assertEquals(weightsOf(one), { [A]: 1, [B]: 1 });
});

Deno.test("accepting works with many servers too", async () => {
  await using sharing = new Sharing();
  const seed = Array.from({ length: 250 }, (_, i) => init(`http://127.0.0.1:${4000 + i}`));
  const [one, other] = [await sharing.sharer({ seed }), await sharing.sharer()];
  sharing.etcd.deleteAll("/b/");
  await sharing.advance(0);
  const accepted = await sharing.finish(other.registry.acceptServers());
  await sharing.advance(0);
  assertEquals([accepted.length, weightsOf(one), weightsOf(other)], [250, {}, {}]);
});

Deno.test("a missing server can be updated, which writes it again, or deleted", async () => {
  await using sharing = new Sharing();
  const [one, other] = await two(sharing);
  sharing.etcd.deleteAll("/b/");
  await sharing.advance(0);
  const path = serverPath(A);
  const patched = await sharing.finish(one.admin.call("PATCH", path, { body: { weight: 3 } }));
  assertEquals(patched.status, 200);
  const deleted = await sharing.finish(other.admin.call("DELETE", serverPath(B)));
  assertEquals(deleted.status, 200);
  const added = await assertRejects(() => one.registry.add(init(C)), BalancerError);
  assertEquals(added.code, "already_exists");
  await sharing.advance(0);
  for (const sharer of [one, other]) {
    assertEquals([weightsOf(sharer), held(sharer)], [{ [A]: 3, [C]: 1 }, [C]]);
  }
  await sharing.advance(31_000);
  for (const sharer of [one, other]) assertEquals(weightsOf(sharer), { [A]: 3 });
});

Deno.test("a change in progress while etcd loses everything fails soon, and no removal is held", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  const { clock } = sharing;
  let isFirst = true;
  sharing.etcd.before = (call) => {
    if (call !== "transact" || !isFirst) return;
    isFirst = false;
    sharing.etcd.deleteAll("/b/");
  };
  const begin = clock.now();
  const error = await assertRejects(
    () => sharing.finish(one.registry.update(A, { weight: 2 })),
    BalancerError,
  );
  assertEquals(error.code, "conflict");
  assert(clock.now() - begin < 1000);
  // The server added meanwhile exists.
  await sharing.finish(one.registry.add(init(D)));
  assertEquals([weightsOf(one), held(one)], [{ ...ALL, [D]: 1 }, [A, B, C]]);
});

Deno.test("a balancer that starts with an empty etcd seeds it as usual", async () => {
  await using sharing = new Sharing();
  const [one] = await two(sharing);
  sharing.etcd.deleteAll("/b/");
  const late = await sharing.sharer({ seed: [init(A), init(D)] });
  assertEquals(weightsOf(late), { [A]: 1, [D]: 1 });
  assertEquals([weightsOf(one), held(one)], [{ ...ALL, [D]: 1 }, [B, C]]);
  await sharing.advance(31_000);
  assertEquals(weightsOf(one), { [A]: 1, [D]: 1 });
});

Deno.test("with distrust 0, missing servers are removed at once", async () => {
  await using sharing = new Sharing();
  const one = await sharing.sharer({ seed: SEED, distrust: 0 });
  sharing.etcd.deleteAll("/b/");
  await sharing.advance(0);
  assertEquals([weightsOf(one), held(one)], [{}, []]);
  const error = await assertRejects(() => sharing.sharer({ distrust: -1 }), BalancerError);
  assertStringIncludes(error.message, "distrust must be a number of seconds from 0 to 86400");
});
