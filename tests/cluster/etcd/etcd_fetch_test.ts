import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import { EtcdClient } from "../../../src/cluster/etcd/etcd_client.ts";
import { keysUnder } from "../../../src/cluster/etcd/etcd_types.ts";
import { certificate, pem } from "../../testing/certificates.ts";
import { EtcdCluster, etcdTest } from "../../testing/etcd_cluster.ts";
import { failing } from "./failing.ts";
import { WatchRecorder } from "./watch_recorder.ts";

const KEYS = keysUnder("/a/");
const CA = pem("etcd_ca.crt");

etcdTest("TLS works with the authority of etcd's certificate only", async () => {
  await using cluster = await EtcdCluster.start({ tls: true });
  const { endpoints } = cluster;
  using etcd = new EtcdClient({ endpoints, ca: CA });
  await using watch = new WatchRecorder(etcd, KEYS, 1);
  await watch.started;
  await etcd.transact({ when: [], writes: [{ put: "/a/1", value: "one" }] });
  assertEquals(await watch.waitFor(1), ["/a/1=one"]);
  for (const options of [{}, { ca: pem("ca.crt") }]) {
    using stranger = new EtcdClient({ endpoints, ...options });
    const [failure, message] = await failing(stranger.range(KEYS));
    assertEquals(failure, "unreachable");
    assertMatch(message, /cannot be reached: .*certificate.*UnknownIssuer/);
  }
});

etcdTest("a client certificate is sent to an etcd that requires one", async () => {
  await using cluster = await EtcdCluster.start({ tls: "mutual" });
  const { endpoints } = cluster;
  using etcd = new EtcdClient({ endpoints, ca: CA, certificate: certificate("etcd") });
  await etcd.transact({ when: [], writes: [{ put: "/a/1", value: "one" }] });
  assertEquals(await cluster.dump("/a/"), { "/a/1": "one" });
  using stranger = new EtcdClient({ endpoints, ca: CA });
  assertEquals((await failing(stranger.range(KEYS)))[0], "unreachable");
});

etcdTest("an endpoint with the wrong scheme cannot be reached", async () => {
  await using secure = await EtcdCluster.start({ tls: true });
  await using plain = await EtcdCluster.start();
  const wrong = [
    secure.endpoints[0]!.replace("https:", "http:"),
    plain.endpoints[0]!.replace("http:", "https:"),
  ];
  for (const url of wrong) {
    using etcd = new EtcdClient({ endpoints: [url], ca: CA });
    const [failure, message] = await failing(etcd.range(KEYS));
    assertEquals(failure, "unreachable");
    assertMatch(message, /^Cannot read from etcd: https?:\S+ cannot be reached: ./);
  }
});

Deno.test("EtcdClient rejects invalid certificates", () => {
  const { cert } = certificate("etcd");
  const { key } = certificate("untrusted");
  for (const options of [{ ca: "" }, { ca: "not PEM" }, { certificate: { cert, key } }]) {
    const make = () => new EtcdClient({ endpoints: ["https://127.0.0.1:2379"], ...options });
    const error = assertThrows(make, BalancerError, "Cannot use the certificates for etcd: ");
    assertEquals(error.code, "invalid");
    assertEquals(error.faults.map(({ path }) => path), ["ca" in options ? "ca" : "certificate"]);
  }
});
