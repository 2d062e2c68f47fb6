import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import type { EtcdMember } from "../../testing/etcd_member.ts";
import { LogWatcher } from "../../testing/log_watcher.ts";
import { failing } from "./failing.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");

/** The endpoints, with this member's first. */
function beginningWith(cluster: EtcdCluster, member: EtcdMember): string[] {
  return [member.url, ...cluster.endpoints.filter((url) => url !== member.url)];
}

etcdTest("calls continue after the leader is killed and another one is elected", async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  const leader = await cluster.leader();
  using etcd = new EtcdClient({ endpoints: beginningWith(cluster, leader) });
  const lease = await etcd.grant(60);
  await etcd.transact({ when: [], writes: [{ put: "/a/1", value: "one", lease }] });
  assertEquals(etcd.endpoint, leader.url);
  await leader.kill();
  // The others have not noticed yet, so a read may have to be repeated.
  assertEquals((await etcd.range(KEYS)).keyValues.map(({ key }) => key), ["/a/1"]);
  await etcd.keepAlive(lease);
  const write = { when: [], writes: [{ put: "/a/2", value: "two" }] };
  assertEquals((await etcd.transact(write)).done, true);
  assertNotEquals(etcd.endpoint, leader.url);
});

etcdTest("a watch whose member dies continues at another one without a gap", async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  const leader = await cluster.leader();
  using etcd = new EtcdClient({ endpoints: beginningWith(cluster, leader) });
  const first = await cluster.put("/a/1", "one");
  await using watch = new WatchRecorder(etcd, KEYS, first);
  await watch.waitFor(1);
  await leader.kill();
  assertEquals((await watch.ended)?.failure, "unreachable");
  await cluster.leader();
  await cluster.put("/a/2", "two");
  await using next = new WatchRecorder(etcd, KEYS, first + 1);
  assertEquals(await next.waitFor(1), ["/a/2=two"]);
});

etcdTest("a hanging member is detected by a silent watch, and avoided by every call", async () => {
  await using log = await LogWatcher.start();
  await using cluster = await EtcdCluster.start({ members: 3 });
  const leader = await cluster.leader();
  const member = cluster.members.find((member) => member !== leader)!;
  using etcd = new EtcdClient({ endpoints: beginningWith(cluster, member) });
  await etcd.range(KEYS);
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  await watch.started;
  member.pause();
  const since = performance.now();
  const error = await watch.ended;
  assert(performance.now() - since < 15_000);
  assertEquals(error?.failure, "unreachable");
  assertMatch(error!.message, /did not answer within 3 s/);
  await log.waitFor(`etcd: ${member.url} did not answer within 3 s`);
  const write = { when: [], writes: [{ put: "/a/1", value: "one" }] };
  assertEquals((await etcd.transact(write)).done, true);
  await using next = new WatchRecorder(etcd, KEYS, 1);
  assertEquals(await next.waitFor(1), ["/a/1=one"]);
});

etcdTest("a transaction at a hanging member is unknown, and not sent to another one", async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  const leader = await cluster.leader();
  using etcd = new EtcdClient({ endpoints: beginningWith(cluster, leader) });
  await etcd.range(KEYS);
  leader.pause();
  const write = { when: [], writes: [{ put: "/a/1", value: "one" }] };
  const [failure, message] = await failing(etcd.transact(write));
  assertEquals(failure, "unknown");
  assertEquals(message, `Cannot write to etcd: ${leader.url} did not answer within 3 s`);
  await cluster.leader();
  // A member that has not answered lately is pinged first.
  assertEquals((await etcd.transact(write)).done, true);
  assertNotEquals(etcd.endpoint, leader.url);
});

etcdTest("without a majority nothing is written, and watches end", async () => {
  await using cluster = await EtcdCluster.start({ members: 3 });
  const leader = await cluster.leader();
  const [one, two] = cluster.members.filter((member) => member !== leader);
  using etcd = new EtcdClient({ endpoints: beginningWith(cluster, one!) });
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  await watch.started;
  await Promise.all([leader.kill(), two!.kill()]);
  const error = await watch.ended;
  assertEquals(error?.failure, "unreachable");
  const write = { when: [], writes: [{ put: "/a/1", value: "one" }] };
  const [failure, message] = await failing(etcd.transact(write));
  assertEquals(failure, "unreachable");
  assertMatch(message, /says "etcdserver: no leader"/);
  assertMatch(message, /Connection refused/);
  assertEquals((await failing(etcd.range(KEYS)))[0], "unreachable");
  await leader.restart();
  await cluster.leader();
  assertEquals((await etcd.transact(write)).done, true);
});

etcdTest(
  "with no member at all, calls fail at once, and work again when there is one",
  async () => {
    await using log = await LogWatcher.start();
    await using cluster = await EtcdCluster.start();
    const [member] = cluster.members;
    using etcd = new EtcdClient({ endpoints: cluster.endpoints });
    await etcd.range(KEYS);
    await member!.kill();
    const write = { when: [], writes: [{ put: "/a/1", value: "one" }] };
    for (const call of [etcd.range(KEYS), etcd.transact(write), etcd.grant(5)]) {
      const [failure, message] = await failing(call);
      assertEquals(failure, "unreachable");
      assertMatch(message, /cannot be reached: .*Connection refused/);
    }
    await member!.restart();
    assertEquals((await etcd.transact(write)).done, true);
    await log.waitFor(`etcd: ${member!.url} responds again`);
    const logged = log.lines.filter((line) => line.startsWith("etcd: "));
    assertEquals(logged.length, 2, logged.join("\n"));
  },
);
