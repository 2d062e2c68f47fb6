import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { failing } from "./failing.ts";
import { WatchRecorder } from "./watch_recorder.ts";
import { until } from "../../testing/until.ts";

const KEYS = keysUnder("/a/");

etcdTest(
  "transact() writes if its conditions hold, and returns the current values if not",
  async () => {
    await using cluster = await EtcdCluster.start();
    using etcd = new EtcdClient({ endpoints: cluster.endpoints });
    const first = await etcd.transact({
      when: [{ key: "/a/1", modRevision: 0 }, { key: "/a/2", modRevision: 0 }],
      writes: [{ put: "/a/1", value: "one" }, { put: "/a/2", value: "two" }],
    });
    const { revision } = first;
    assertEquals(first, { done: true, revision, found: [] });
    const entry = { key: "/a/1", value: "one", createRevision: revision, modRevision: revision };
    const lost = { when: [{ key: "/a/1", modRevision: 0 }], writes: [{ delete: "/a/2" }] };
    assertEquals(await etcd.transact(lost), { done: false, revision, found: [entry] });
    const won = {
      when: [{ key: "/a/1", modRevision: revision }, { key: "/a/none", modRevision: 0 }],
      writes: [{ put: "/a/1", value: "1" }, { delete: "/a/2" }],
    };
    assertEquals((await etcd.transact(won)).revision, revision + 1);
    assertEquals(await cluster.dump("/a/"), { "/a/1": "1" });
    const range = await etcd.range(KEYS);
    assertEquals(range.revision, revision + 1);
    assertEquals(range.keyValues, [{ ...entry, value: "1", modRevision: revision + 1 }]);
  },
);

etcdTest("transact() leaves out absent keys", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  await cluster.put("/a/2", "two");
  const when = ["/a/1", "/a/2", "/a/3"].map((key) => ({ key, modRevision: 1 }));
  const { done, found } = await etcd.transact({ when, writes: [] });
  assertEquals([done, found.map(({ key }) => key)], [false, ["/a/2"]]);
});

etcdTest("range() keeps every text unchanged, and reads bytes that are not UTF-8", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const values = ["", "é ☃ 🦊", "\ufeffwith a mark", 'a\n"b"\u0000', "x".repeat(100_000)];
  for (const [index, value] of values.entries()) {
    await etcd.transact({ when: [], writes: [{ put: `/a/${index} é`, value }] });
  }
  await cluster.call("/v3/kv/put", { key: btoa("/a/\xff"), value: btoa("\xff\xfe") });
  const { keyValues } = await etcd.range(KEYS);
  assertEquals(keyValues.map(({ value }) => value), [...values, "\ufffd\ufffd"]);
  assertEquals(keyValues[1]!.key, "/a/1 é");
});

etcdTest("range() reads more than the usual limit of a gRPC message", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const value = "v".repeat(60_000);
  for (let chunk = 0; chunk < 8; chunk++) {
    const names = Array.from({ length: 20 }, (_, index) => `/a/${chunk}-${index}`);
    await etcd.transact({ when: [], writes: names.map((put) => ({ put, value })) });
  }
  const { keyValues } = await etcd.range(KEYS);
  assertEquals(keyValues.length, 160);
  assert(keyValues.every((entry) => entry.value === value));
});

etcdTest("a refused call fails with etcd's message", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const writes = Array.from({ length: 129 }, (_, index) => ({ put: `/a/${index}`, value: "" }));
  const [failure, message] = await failing(etcd.transact({ when: [], writes }));
  assertEquals(failure, "refused");
  assertEquals(
    message,
    `Cannot write to etcd: ${cluster.endpoints[0]} says ` +
      '"etcdserver: too many operations in txn request"',
  );
  const twice = [{ put: "/a/1", value: "" }, { put: "/a/1", value: "" }];
  assertMatch((await failing(etcd.transact({ when: [], writes: twice })))[1], /duplicate key/);
  assertEquals(await cluster.dump("/a/"), {});
});

etcdTest("keepAlive() keeps the keys of a lease, which disappear without it", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const [kept, left] = [await etcd.grant(2), await etcd.grant(2)];
  const { revision } = await etcd.transact({
    when: [],
    writes: [{ put: "/a/kept", value: "", lease: kept }, {
      put: "/a/left",
      value: "",
      lease: left,
    }],
  });
  await using watch = new WatchRecorder(etcd, KEYS, revision + 1);
  await watch.started;
  const gone = watch.waitFor(1);
  // Renewed far more often than needed, until the other one has expired.
  let isOver = false;
  const over = gone.then(() => isOver = true);
  await until("the other one to end", async () => {
    await etcd.keepAlive(kept);
    return isOver;
  });
  await over;
  assertEquals(watch.changes, ["/a/left deleted"]);
  assertEquals(await cluster.dump("/a/"), { "/a/kept": "" });
  assertEquals((await failing(etcd.keepAlive(left)))[0], "no_lease");
});

etcdTest("revoke() ends a lease with its keys, and ignores one that has expired", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const lease = await etcd.grant(60);
  const writes = [{ put: "/a/1", value: "", lease }];
  await etcd.transact({ when: [], writes });
  await etcd.revoke(lease);
  assertEquals(await cluster.dump("/a/"), {});
  await etcd.revoke(lease);
  assertEquals((await failing(etcd.keepAlive(lease)))[0], "no_lease");
  assertEquals((await failing(etcd.transact({ when: [], writes })))[0], "no_lease");
});

etcdTest("an aborted call rejects with the reason", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const abort = new AbortController();
  cluster.members[0]!.pause();
  const call = etcd.range(KEYS, { signal: abort.signal });
  abort.abort(new Error("no longer wanted"));
  await assertRejects(() => call, Error, "no longer wanted");
  const before = etcd.range(KEYS, { signal: AbortSignal.abort(new Error("never wanted")) });
  await assertRejects(() => before, Error, "never wanted");
});

Deno.test("EtcdClient does not connect when it is created, and has no current endpoint", () => {
  using etcd = new EtcdClient({ endpoints: ["http://127.0.0.1:2379/"] });
  assertEquals(etcd.endpoint, undefined);
});
