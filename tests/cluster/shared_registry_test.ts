import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../mod.ts";
import { EtcdError } from "../../src/cluster/etcd/etcd_types.ts";
import { SharedRegistry } from "../../src/cluster/shared_registry.ts";
import { serverPath } from "../testing/admin_caller.ts";
import { LogWatcher } from "../testing/log_watcher.ts";
import { KeyRecorder } from "./store/watching.ts";
import { Sharing, weightsOf } from "./sharing.ts";

const [A, B, C] = ["http://127.0.0.1:3001", "http://127.0.0.1:3002", "http://127.0.0.1:3003"];
const KEY = "/b/servers/";

function init(url: string, weight = 1) {
  return { url: url, weight, healthCheckPeriod: 0 };
}

Deno.test("SharedRegistry.join() applies the differences to the servers in etcd", async () => {
  await using sharing = new Sharing();
  const one = await sharing.sharer({ seed: [init(A!), init(B!, 2)] });
  assertEquals(weightsOf(one), { [A!]: 1, [B!]: 2 });
  const other = await sharing.sharer({
    seed: [init(C!)],
    servers: [init(A!, 7), init(B!, 2), init(C!)],
  });
  assertEquals(weightsOf(other), { [A!]: 1, [B!]: 2 });
  const events = other.balancer.events.last(9).map(({ type, server }) => `${type} ${server.url}`);
  assertEquals(events, [`updated ${A}`, `removed ${C}`]);
});

Deno.test("SharedRegistry.add(), update() and remove() return when the change has arrived here", async () => {
  await using sharing = new Sharing();
  const [one, other] = [await sharing.sharer(), await sharing.sharer()];
  const added = await sharing.finish(one.registry.add(init(A!)));
  assertEquals([added.url, weightsOf(one)], [A, { [A!]: 1 }]);
  const updated = await sharing.finish(other.registry.update(`${A}/`, { weight: 5 }));
  assertEquals([updated.weight, updated.healthCheckPeriod, weightsOf(other)], [5, 0, { [A!]: 5 }]);
  const removed = await sharing.finish(one.registry.remove(A!));
  assertEquals([removed.weight, weightsOf(one)], [5, {}]);
  await sharing.advance(0);
  assertEquals(weightsOf(other), {});
  // The record of its removal expires.
  assertEquals(sharing.etcd.content, { [`/b/removals/${A}`]: "{}" });
  await sharing.advance(3_600_000);
  assertEquals(Object.keys(sharing.etcd.content), []);
});

Deno.test("SharedRegistry rejects invalid changes, and sends nothing", async () => {
  await using sharing = new Sharing();
  const { registry } = await sharing.sharer({ seed: [init(A!)] });
  sharing.etcd.calls.length = 0;
  const refusals: [Promise<unknown>, string][] = [
    [registry.add({ url: "x" }), "invalid"],
    [registry.add(init(A!)), "already_exists"],
    [registry.add(init(`${A}/`)), "already_exists"],
    [registry.update(A!, { weight: -1 }), "invalid"],
    [registry.update(B!, { weight: 1 }), "not_found"],
    [registry.remove("x"), "invalid"],
    [registry.remove(B!), "not_found"],
    [registry.remove(A!, -1), "invalid"],
    [registry.update(A!, { weight: 2 }, { ...init(A!, 9) } as never), "conflict"],
  ];
  for (const [work, code] of refusals) {
    assertEquals((await assertRejects(() => work, BalancerError)).code, code);
  }
  assertEquals(sharing.etcd.calls, []);
});

Deno.test("SharedRegistry rejects the second of two changes with conflict, once the first has arrived", async () => {
  await using sharing = new Sharing();
  const [one, other] = [
    await sharing.sharer({ seed: [init(A!)] }),
    await sharing.sharer(),
  ];
  const changes = [
    one.registry.update(A!, { weight: 2 }),
    other.registry.update(A!, { weight: 3, name: "three" }).catch((error) => {
      assertEquals(error.code, "conflict");
      // The caller sees the new state before trying again.
      return weightsOf(other);
    }),
  ];
  const [, seen] = await sharing.finish(Promise.all(changes));
  assertEquals(seen, { [A!]: 2 } as never);
  assertEquals([weightsOf(one), weightsOf(other)], [{ [A!]: 2 }, { [A!]: 2 }]);
});

Deno.test("SharedRegistry makes changes of one server one at a time, each based on the latest state", async () => {
  await using sharing = new Sharing();
  const { registry, balancer } = await sharing.sharer({ seed: [init(A!)] });
  const answers = await sharing.finish(Promise.allSettled([
    registry.update(A!, { weight: 2 }),
    registry.update(A!, { name: "two" }),
    registry.add(init(A!)),
    registry.remove(A!),
    registry.update(A!, { weight: 3 }),
    registry.add(init(A!, 4)),
    registry.update(A!, { name: "four" }),
  ]));
  const codes = answers.map((answer) =>
    answer.status === "fulfilled" ? "done" : answer.reason.code
  );
  assertEquals(codes, ["done", "done", "already_exists", "done", "not_found", "done", "done"]);
  const [server] = balancer.servers();
  assertEquals([server!.weight, server!.name], [4, "four"]);
});

Deno.test("SharedRegistry continues after a failed change", async () => {
  await using sharing = new Sharing();
  const { registry } = await sharing.sharer({ seed: [init(A!)] });
  sharing.etcd.before = (call) => {
    sharing.etcd.before = () => {};
    if (call === "transact") throw new EtcdError("refused", "too large");
  };
  const answers = await sharing.finish(Promise.allSettled([
    registry.update(A!, { weight: 2 }),
    registry.update(A!, { weight: 3 }),
  ]));
  assertEquals(answers.map(({ status }) => status), ["rejected", "fulfilled"]);
});

Deno.test("SharedRegistry reports an accepted change that does not arrive as unconfirmed", async () => {
  await using sharing = new Sharing();
  const { registry } = await sharing.sharer({ seed: [init(A!)] });
  sharing.etcd.isMute = true;
  sharing.etcd.after = (call) => {
    // Reading does not show it either.
    if (call !== "transact") throw new EtcdError("unreachable", "no answer");
  };
  const error = await assertRejects(
    () => sharing.finish(registry.update(A!, { weight: 2 })),
    BalancerError,
    "etcd has accepted it, but it has not arrived here yet",
  );
  assertEquals(error.code, "unconfirmed");
});

Deno.test("SharedRegistry sees its change even if the watch is silent", async () => {
  await using sharing = new Sharing();
  const sharer = await sharing.sharer({ seed: [init(A!)] });
  sharing.etcd.isMute = true;
  await sharing.finish(sharer.registry.update(A!, { weight: 2 }));
  assertEquals(weightsOf(sharer), { [A!]: 2 });
});

Deno.test("SharedRegistry reports invalid values, ignores them, and can replace them", async () => {
  await using logs = await LogWatcher.start();
  await using sharing = new Sharing();
  const sharer = await sharing.sharer({ seed: [init(A!, 2)] });
  const { etcd } = sharing;
  etcd.put(KEY + A, '{"weight": "many"}');
  etcd.put(KEY + B, "{");
  etcd.put(KEY + "not a URL", "{}");
  etcd.put("/b/servers0", "behind the servers");
  etcd.put("/b/unknown/part", "this");
  etcd.put(KEY + C, '{"weight": 3}');
  await sharing.advance(0);
  assertEquals(weightsOf(sharer), { [A!]: 2, [C!]: 3 });
  const { faults } = sharer.registry.registry;
  assertEquals(faults.map(({ key, revision }) => [key, revision]), [
    [KEY + A, 3],
    [KEY + B, 4],
    [KEY + "not a URL", 5],
  ]);
  const { json } = await sharer.admin.call("GET", "/stats");
  assertEquals([json.registry.fault_count, json.registry.faults], [3, faults]);
  const logged = () => logs.lines.filter((line) => line.includes("Ignoring invalid value")).length;
  assertEquals(logged(), 3);
  // Reading all keys again logs nothing again.
  etcd.cut();
  etcd.compact();
  await sharing.advance(1000);
  assertEquals([logged(), weightsOf(sharer)], [3, { [A!]: 2, [C!]: 3 }]);
  // The API replaces invalid values.
  await sharing.finish(sharer.registry.add(init(B!)));
  await sharing.finish(sharer.registry.update(A!, { weight: 5 }));
  etcd.delete(KEY + "not a URL");
  await sharing.advance(0);
  assertEquals(sharer.registry.registry.faults, []);
  assertEquals(weightsOf(sharer), { [A!]: 5, [B!]: 1, [C!]: 3 });
  // Another balancer, which has never seen the last valid values, has the same servers.
  assertEquals(weightsOf(await sharing.sharer()), weightsOf(sharer));
});

Deno.test("SharedRegistry rejects changes while etcd is down, and reports that until it is up", async () => {
  await using logs = await LogWatcher.start();
  await using sharing = new Sharing();
  const { registry, admin } = await sharing.sharer({ seed: [init(A!)] });
  sharing.etcd.before = () => {
    throw new EtcdError("unreachable", "it is down");
  };
  sharing.etcd.cut();
  await sharing.advance(1000);
  const { json: down } = await admin.call("GET", "/healthz");
  assertEquals([down.status, down.servers, down.registry.connected], ["ok", 1, false]);
  // It is public, so it does not reveal the endpoints of etcd.
  assertEquals(down.registry.error, undefined);
  const { json: stats } = await admin.call("GET", "/stats");
  assertStringIncludes(stats.registry.error, "it is down");
  const refused = await admin.call("PATCH", serverPath(A!), { body: { weight: 2 } });
  assertEquals(refused.status, 503);
  assertStringIncludes(refused.json.detail, "it is down");
  await sharing.advance(30_000);
  sharing.etcd.before = () => {};
  sharing.etcd.put(KEY + B, "{}");
  await sharing.advance(1000);
  const { json: back } = await admin.call("GET", "/healthz");
  const { connected, revision } = back.registry;
  assertEquals([back.servers, connected, revision], [2, true, 3]);
  assertEquals((await admin.call("GET", "/stats")).json.registry.error, null);
  await sharing.finish(registry.update(A!, { weight: 2 }));
  const logged = logs.lines.filter((line) => /Cannot reach etcd|Connected to etcd/.test(line));
  assertEquals(logged.length, 3, logged.join("\n"));
});

Deno.test("SharedRegistry.join() waits for etcd, or goes without until it is up", async () => {
  await using sharing = new Sharing();
  sharing.etcd.before = () => {
    throw new EtcdError("unreachable", "it is down");
  };
  const sharer = await sharing.sharer({ servers: [init(A!)], seed: [init(A!)], join: false });
  const { registry, admin } = sharer;
  const stop = new AbortController();
  const stopped = registry.join(stop.signal);
  const joined = registry.join();
  await sharing.advance(60_000);
  assertEquals(weightsOf(sharer), { [A!]: 1 });
  const { json } = await admin.call("GET", "/stats");
  assertEquals([json.registry.connected, json.registry.error], [false, "it is down"]);
  assertEquals((await admin.call("POST", "/add", { body: { url: B } })).status, 503);
  stop.abort();
  await stopped;
  sharing.etcd.put(KEY + C, "{}");
  sharing.etcd.before = () => {};
  await sharing.finish(joined);
  // Another client has written servers meanwhile.
  assertEquals(weightsOf(sharer), { [C!]: 1 });
});

Deno.test("SharedRegistry.join() rejects if etcd denies the user, and keeps retrying", async () => {
  await using sharing = new Sharing();
  sharing.etcd.before = () => {
    throw new EtcdError("denied", "wrong password");
  };
  const sharer = await sharing.sharer({ seed: [init(A!)], join: false });
  await assertRejects(() => sharing.finish(sharer.registry.join()), EtcdError, "wrong password");
  sharing.etcd.before = () => {};
  await sharing.advance(2000);
  assertEquals(weightsOf(sharer), { [A!]: 1 });
});

Deno.test("SharedRegistry.listen() passes the keys of a part to its listener", async () => {
  await using sharing = new Sharing();
  const { registry } = await sharing.sharer({ join: false });
  const [members, health] = [new KeyRecorder(), new KeyRecorder()];
  registry.listen("members/", members);
  registry.listen("health/", health);
  sharing.etcd.put("/b/members/one", "1");
  sharing.etcd.put(KEY + A, "{}");
  await sharing.finish(registry.join());
  sharing.etcd.put("/b/health/one", "1");
  sharing.etcd.put("/b/status/one", "1");
  sharing.etcd.delete("/b/members/one");
  await sharing.advance(0);
  assertEquals(members.calls, ["reset 1", "delete /b/members/one"]);
  assertEquals(health.calls, ["reset 0", "put /b/health/one"]);
});

Deno.test("SharedRegistry rejects changes once it is disposed of, and leaves nothing running", async () => {
  const sharing = new Sharing();
  const sharer = await sharing.sharer({ seed: [init(A!)] });
  await sharer.registry[Symbol.asyncDispose]();
  const error = await assertRejects(() => sharer.registry.remove(A!), BalancerError);
  assertEquals([error.code, weightsOf(sharer)], ["closed", { [A!]: 1 }]);
  assertEquals([sharing.clock.timers, sharing.etcd.watches], [0, 0]);
  await sharing[Symbol.asyncDispose]();
});

Deno.test("SharedRegistry rejects an invalid prefix and an invalid seed", async () => {
  await using balancer = new LoadBalancer();
  await using sharing = new Sharing();
  const { etcd } = sharing;
  for (const options of [{ prefix: "" }, { seed: [{ url: "x" }] }]) {
    const make = () => Promise.resolve(new SharedRegistry(balancer, { etcd, ...options }));
    assertEquals((await assertRejects(async () => await make(), BalancerError)).code, "invalid");
  }
});
