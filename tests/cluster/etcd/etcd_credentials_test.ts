import { assertEquals, assertRejects } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { certificate, pem } from "../../testing/certificates.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { failing } from "./failing.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");
const CA = pem("etcd_ca.crt");

etcdTest(
  "setCredentials() changes the authority and the certificate from the next call on",
  async () => {
    await using cluster = await EtcdCluster.start({ tls: "mutual" });
    using etcd = new EtcdClient({ endpoints: cluster.endpoints, ca: pem("ca.crt") });
    assertEquals((await failing(etcd.range(KEYS)))[0], "unreachable");
    const own = { ca: CA, certificate: certificate("etcd") };
    await etcd.setCredentials(own);
    await etcd.transact({ when: [], writes: [{ put: "/a/1", value: "one" }] });
    // Calls in progress continue.
    await using watch = new WatchRecorder(etcd, KEYS, 1);
    await watch.started;
    await etcd.setCredentials(own, { verify: KEYS });
    await etcd.transact({ when: [], writes: [{ put: "/a/2", value: "two" }] });
    assertEquals(await watch.waitFor(2), ["/a/1=one", "/a/2=two"]);
  },
);

etcdTest("setCredentials() keeps the old ones if the new ones do not work", async () => {
  await using cluster = await EtcdCluster.start({ password: "one", tls: true });
  const { endpoints } = cluster;
  const user = { name: "root", password: "one" };
  using etcd = new EtcdClient({ endpoints, ca: CA, user });
  await etcd.range(KEYS);
  const wrong = [
    [{ ca: CA, user: { ...user, password: "two" } }, "denied"],
    [{ ca: CA }, "denied"],
    [{ ca: pem("ca.crt"), user }, "unreachable"],
  ] as const;
  for (const [credentials, failure] of wrong) {
    const work = etcd.setCredentials(credentials, { verify: KEYS });
    assertEquals((await failing(work))[0], failure);
  }
  const unusable = etcd.setCredentials({ ca: "no PEM", user });
  assertEquals((await assertRejects(() => unusable, BalancerError)).code, "invalid");
  await etcd.range(KEYS);
  await cluster.call("/v3/auth/user/changepw", { name: "root", password: "two" });
  await etcd.setCredentials({ ca: CA, user: { ...user, password: "two" } }, { verify: KEYS });
  await etcd.range(KEYS);
});
