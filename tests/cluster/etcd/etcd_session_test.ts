import { assert, assertEquals, assertMatch } from "@std/assert";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { failing } from "./failing.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");
const ROOT = { name: "root", password: "a secret" };
const WRITE = { when: [], writes: [{ put: "/a/1", value: "one" }] };

etcdTest("a user with the right password has access", async () => {
  await using cluster = await EtcdCluster.start({ password: ROOT.password });
  using etcd = new EtcdClient({ endpoints: cluster.endpoints, user: ROOT });
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  await watch.started;
  const lease = await etcd.grant(60);
  await etcd.keepAlive(lease);
  await etcd.transact(WRITE);
  assertEquals(await watch.waitFor(1), ["/a/1=one"]);
  assertEquals((await etcd.range(KEYS)).keyValues.length, 1);
  await etcd.revoke(lease);
});

etcdTest(
  "without a user, or with a wrong password, reading, writing and watching are denied",
  async () => {
    await using cluster = await EtcdCluster.start({ password: ROOT.password });
    const { endpoints } = cluster;
    const wrong = { name: "root", password: "a guess" };
    for (const user of [undefined, wrong, { name: "nobody", password: "a guess" }]) {
      using etcd = new EtcdClient({ endpoints, ...(user === undefined ? {} : { user }) });
      await using watch = new WatchRecorder(etcd, KEYS, 1);
      const calls = [etcd.range(KEYS), etcd.transact(WRITE)];
      const failures = await Promise.all(calls.map(failing));
      for (const [failure, message] of failures) {
        assertEquals(failure, "denied");
        const why = user === undefined
          ? /it requires a user and a password/
          : /authentication failed/;
        assertMatch(message, why);
        assert(!message.includes("a guess"));
      }
      assertEquals((await watch.ended)?.failure, "denied");
    }
  },
);

etcdTest("a user without permission for the keys is denied access", async () => {
  await using cluster = await EtcdCluster.start({ password: ROOT.password });
  const reader = { name: "reader", password: "another secret" };
  await cluster.call("/v3/auth/user/add", reader);
  await cluster.call("/v3/auth/role/add", { name: "reads" });
  const perm = { permType: "READ", key: btoa("/a/"), range_end: btoa("/a0") };
  await cluster.call("/v3/auth/role/grant", { name: "reads", perm });
  await cluster.call("/v3/auth/user/grant", { user: "reader", role: "reads" });
  using etcd = new EtcdClient({ endpoints: cluster.endpoints, user: reader });
  assertEquals((await etcd.range(KEYS)).keyValues, []);
  const calls = [etcd.transact(WRITE), etcd.range(keysUnder("/b/"))];
  for (const [failure, message] of await Promise.all(calls.map(failing))) {
    assertEquals(failure, "denied");
    assertMatch(message, /permission denied/);
  }
  await using watch = new WatchRecorder(etcd, keysUnder("/b/"), 1);
  assertEquals((await watch.ended)?.failure, "denied");
  await using allowed = new WatchRecorder(etcd, KEYS, 1);
  await allowed.started;
});

etcdTest("an expired token is replaced during any call", async () => {
  await using cluster = await EtcdCluster.start({ password: ROOT.password });
  const [member] = cluster.members;
  using etcd = new EtcdClient({ endpoints: cluster.endpoints, user: ROOT });
  await etcd.range(KEYS);
  // A member forgets its tokens when it stops.
  const again = async () => {
    await member!.kill();
    await member!.restart();
  };
  await again();
  assertEquals((await etcd.transact(WRITE)).done, true);
  await again();
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  assertEquals(await watch.waitFor(1), ["/a/1=one"]);
});

etcdTest("a user is harmless if etcd requires none, now or later", async () => {
  await using cluster = await EtcdCluster.start();
  using etcd = new EtcdClient({ endpoints: cluster.endpoints, user: ROOT });
  await etcd.transact(WRITE);
  await cluster.enableAuthentication(ROOT.password);
  await etcd.transact(WRITE);
  await cluster.call("/v3/auth/disable", {});
  await etcd.transact(WRITE);
});
