import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { BalancerError, LoadBalancer } from "../../mod.ts";
import type { ClusterJson } from "../../src/admin/cluster.ts";
import { joinEtcd } from "../../src/cluster/mod.ts";
import { until } from "../chaos/pace.ts";
import { AdminCaller } from "../testing/admin_caller.ts";
import { EtcdCluster, etcdTest } from "../testing/etcd_cluster.ts";

const [A, B, C] = ["http://127.0.0.1:3001", "http://127.0.0.1:3002", "http://127.0.0.1:3003"];
/** Time to live of a balancer's lease, in seconds. */
const LEASE = 2;
/** Time limit of every step, in milliseconds. */
const LIMIT_MS = 20_000;

interface Full extends AsyncDisposable {
  readonly balancer: LoadBalancer;
  readonly shared: Awaited<ReturnType<typeof joinEtcd>>;
  readonly admin: AdminCaller;
}

async function join({ endpoints }: EtcdCluster, name: string): Promise<Full> {
  const balancer = new LoadBalancer();
  const seed = [A!, B!].map((url) => ({ url, healthCheckPeriod: 0 }));
  const shared = await joinEtcd(balancer, { endpoints, seed, fleet: { name, lease: LEASE } });
  return {
    balancer,
    shared,
    admin: new AdminCaller(balancer, { cluster: shared }),
    async [Symbol.asyncDispose](): Promise<void> {
      await shared[Symbol.asyncDispose]();
      await balancer.close();
    },
  };
}

/** Fills etcd up to its quota. */
async function fill(cluster: EtcdCluster): Promise<void> {
  const error = await assertRejects(async () => {
    for (let i = 0; i < 100; i++) await cluster.put(`/fill/${i}`, "x".repeat(100_000));
  }, Error);
  assertStringIncludes(error.message, "space exceeded");
}

/** Frees space as described in etcd's guide. */
async function makeRoom(cluster: EtcdCluster): Promise<void> {
  for (const key of Object.keys(await cluster.dump("/fill/"))) await cluster.delete(key);
  await cluster.compact();
  await cluster.call("/v3/maintenance/defragment", {});
  const path = "/v3/maintenance/alarm";
  const { alarms } = await cluster.call(path, { action: "GET" }) as { alarms: object[] };
  for (const alarm of alarms) await cluster.call(path, { action: "DEACTIVATE", ...alarm });
}

etcdTest("an etcd out of space is reported, and no member as behind", async () => {
  await using cluster = await EtcdCluster.start({ args: ["--quota-backend-bytes=1048576"] });
  await using one = await join(cluster, "one");
  await using other = await join(cluster, "other");
  const health = async () => (await one.admin.call("GET", "/healthz")).json;
  assertEquals([(await health()).status, (await health()).registry.warnings], ["ok", []]);
  const seen = async () => (await one.admin.call("GET", "/fleet")).json.members.length === 2;
  assert(await until(seen, LIMIT_MS));
  await fill(cluster);
  const isTold = () => [one, other].every(({ shared }) => shared.registry.warnings.length > 0);
  assert(await until(isTold, LIMIT_MS));
  const { status, registry } = await health();
  assertEquals([status, registry.connected, registry.fault_count], ["warning", true, 1]);
  assertEquals(registry.warnings[0].code, "out_of_space");
  assertStringIncludes(registry.warnings[0].message, "etcdctl alarm disarm");
  const { code, message } = await assertRejects(
    async () => await one.shared.add({ url: C! }),
    BalancerError,
  );
  assertEquals(code, "unavailable");
  assertStringIncludes(
    message,
    "disarm its alarm); nothing has changed; try again once etcd accepts",
  );
  // Changes that need no space still work and reach every balancer, although none can publish that.
  await other.shared.remove(B!);
  const gone = () => [one, other].every(({ balancer }) => balancer.servers().length === 1);
  assert(await until(gone, LIMIT_MS));
  const revision = one.shared.registry.revision;
  const end = performance.now() + 2.5 * LEASE * 1000;
  await until(async () => {
    for (const { admin } of [one, other]) {
      const { members, muted } = (await admin.call("GET", "/fleet")).json as ClusterJson;
      assertEquals(members.map(({ name, behind }) => [name, behind]), [
        ["one", false],
        ["other", false],
      ]);
      assertStringIncludes(muted!, "etcd is out of space");
    }
    return performance.now() > end;
  }, LIMIT_MS);
  assertEquals(one.shared.registry.revision, revision);
  // With space again, everything works as before.
  await makeRoom(cluster);
  assert(await until(async () => (await health()).status === "ok", LIMIT_MS));
  await one.shared.add({ url: C!, healthCheckPeriod: 0 });
});
