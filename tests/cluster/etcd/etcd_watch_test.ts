import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");

etcdTest(
  "watch() reports every change from a revision on, including those before it started",
  async () => {
    await using cluster = await EtcdCluster.start();
    using etcd = new EtcdClient({ endpoints: cluster.endpoints });
    await cluster.put("/a/1", "before");
    const revision = await cluster.put("/a/1", "one");
    await cluster.put("/b/1", "elsewhere");
    await cluster.delete("/a/1");
    await using watch = new WatchRecorder(etcd, KEYS, revision);
    await watch.waitFor(2);
    const last = await cluster.put("/a/2", "é");
    assertEquals(await watch.waitFor(3), ["/a/1=one", "/a/1 deleted", "/a/2=é"]);
    assertEquals(watch.calls.at(-1)!.revision, last);
    assertEquals(await watch.stop(), undefined);
    // When it is resumed, no change is repeated or missed.
    await cluster.put("/a/3", "three");
    await using next = new WatchRecorder(etcd, KEYS, last + 1);
    assertEquals(await next.waitFor(1), ["/a/3=three"]);
  },
);

etcdTest("watch() never splits the changes of one revision", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  await using live = new WatchRecorder(etcd, KEYS, 1);
  await live.started;
  const value = "v".repeat(10_000);
  const names = Array.from({ length: 100 }, (_, index) => `/a/${index}`);
  for (let round = 0; round < 20; round++) {
    await etcd.transact({ when: [], writes: names.map((put) => ({ put, value })) });
  }
  // A late one receives everything at once: 20 MB.
  await using late = new WatchRecorder(etcd, KEYS, 1);
  for (const watch of [live, late]) {
    await watch.waitFor(2000);
    assertEquals(watch.calls.filter(({ changes }) => changes.length % 100 !== 0), []);
    const revisions = watch.calls.map(({ revision }) => revision);
    assertEquals(revisions, revisions.toSorted((one, other) => one - other));
  }
});

etcdTest("watch() fails with compacted if its revision was compacted", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  const revision = await cluster.put("/a/1", "one");
  await cluster.put("/a/1", "two");
  const now = await cluster.compact();
  await using watch = new WatchRecorder(etcd, KEYS, revision);
  const error = await watch.ended;
  assertEquals(error?.failure, "compacted");
  assertMatch(error!.message, new RegExp(`has compacted the revisions before ${now}`));
  assertEquals(watch.calls, []);
  await using next = new WatchRecorder(etcd, KEYS, now);
  assertEquals(await next.waitFor(1), ["/a/1=two"]);
});

etcdTest("watch() fails with unreachable if its member dies", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  await watch.started;
  await cluster.members[0]!.kill();
  const error = await watch.ended;
  assertEquals(error?.failure, "unreachable");
  assertMatch(error!.message, /^Cannot watch etcd: http:\S+ /);
});

etcdTest("watch() rejects with the error of its caller, and ends", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  await cluster.put("/a/1", "one");
  const watch = etcd.watch({
    keys: KEYS,
    revision: 1,
    signal: new AbortController().signal,
    onChanges: () => {
      throw new Error("cannot use this");
    },
  });
  await assertRejects(() => watch, Error, "cannot use this");
});

etcdTest("watch() with an aborted signal resolves at once", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints });
  let isCalled = false;
  const onChanges = () => void (isCalled = true);
  await cluster.put("/a/1", "one");
  await etcd.watch({ keys: KEYS, revision: 1, signal: AbortSignal.abort(), onChanges });
  assert(!isCalled);
});
