import { assert, assertEquals, assertThrows } from "@std/assert";
import { BalancerError, type ServerInit } from "../../mod.ts";
import type { ClusterReport } from "../../src/model/cluster_report.ts";
import { EtcdError } from "../../src/cluster/etcd/etcd_types.ts";
import { checkClusterOptions, type ClusterOptions } from "../../src/cluster/cluster_options.ts";
import { memberValue } from "../../src/cluster/members/member_store.ts";
import { VERSION } from "../../src/model/version.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { type Sharer, Sharing } from "./sharing.ts";

const NOBODY = "http://127.0.0.1:9";

async function startCluster(
  sharing: Sharing,
  names: readonly string[],
  seed: readonly ServerInit[] = [],
): Promise<Sharer[]> {
  const sharers: Sharer[] = [];
  for (const name of names) {
    const fleet = { name, admin: `http://${name}:8000` };
    sharers.push(await sharing.sharer({ seed, fleet }));
  }
  await sharing.advance(100);
  return sharers;
}

function report({ registry }: Sharer): Promise<ClusterReport> {
  return registry.report();
}

async function names(sharer: Sharer): Promise<string[]> {
  return (await report(sharer)).members.map(({ name }) => name);
}

Deno.test("checkClusterOptions() fills in the defaults, and rejects invalid options", () => {
  const defaults = { name: "id", admin: undefined, sharedHealth: false, lease: 10 };
  assertEquals(checkClusterOptions({}, "id"), defaults);
  assertEquals(checkClusterOptions({ name: "a b", lease: 2 }, "id"), {
    ...defaults,
    ...{ name: "a b", lease: 2 },
  });
  const wrong = { name: "a\nb", lease: 1.5, sharedHealth: 1, colour: "green" };
  const error = assertThrows(
    () => checkClusterOptions(wrong as unknown as ClusterOptions, "id"),
    BalancerError,
  );
  assertEquals(error.faults.map(({ path }) => path).sort(), [
    ...["colour", "lease", "name", "sharedHealth"],
  ]);
});

Deno.test("Cluster.report() has the members that are up, and their statuses", async () => {
  await using sharing = new Sharing();
  const [one, two] = await startCluster(sharing, ["one", "two"], [
    { url: NOBODY, healthCheckPeriod: 0 },
  ]);
  const { self, members, disagreements, error } = await report(two!);
  assertEquals([self, disagreements, error], [two!.balancer.events.run, [], undefined]);
  assertEquals(
    members.map(({ status, startedAt, ...member }) => {
      assert(startedAt.getTime() <= sharing.clock.date().getTime());
      const { at: _, revision, ...rest } = status!;
      assert(revision > 0);
      return { ...member, ...rest };
    }),
    ["one", "two"].map((name) => ({
      id: (name === "one" ? one : two)!.balancer.events.run,
      name,
      version: VERSION,
      admin: `http://${name}:8000`,
      sharesHealth: false,
      isBehind: false,
      requestsPerSecond: 0,
      active: 0,
      servers: 1,
      checks: 0,
      unhealthy: [],
      unhealthyCount: 0,
    })),
  );
});

Deno.test("Cluster.report() is correct after members leave, die and come back", async () => {
  await using sharing = new Sharing();
  const [one, two, three] = await startCluster(sharing, ["one", "two", "three"]);
  assertEquals(await names(one!), ["one", "three", "two"]);
  assertEquals(one!.registry.registry.balancers, 3);
  await sharing.finish(two!.registry[Symbol.asyncDispose]());
  await sharing.advance(0);
  assertEquals(await names(one!), ["one", "three"]);
  // It does not leave properly: its keys expire with its lease.
  const { run: id } = three!.balancer.events;
  const kept = Object.entries(sharing.etcd.content).filter(([key]) => key.endsWith(id));
  assertEquals(kept.length, 2);
  for (const [key] of kept) sharing.etcd.delete(key);
  await sharing.advance(50);
  assertEquals(await names(one!), ["one"]);
  // It is still running, and republishes as soon as it notices.
  await sharing.advance(1000);
  assertEquals(await names(one!), ["one", "three"]);
  await startCluster(sharing, ["two"]);
  assertEquals(await names(one!), ["one", "three", "two"]);
});

Deno.test("Cluster.report() lists servers that are healthy to some members only", async () => {
  await using sharing = new Sharing();
  await using sample = new SampleServer("a");
  const seed = [sample.url, NOBODY].map((url) => ({ url, healthCheckPeriod: 0 }));
  const [one, two] = await startCluster(sharing, ["one", "two"], seed);
  await one!.balancer.check(NOBODY);
  await sharing.advance(1100);
  const ids = [one, two].map((sharer) => sharer!.balancer.events.run);
  const expected = [{ url: NOBODY, healthy: [ids[1]], unhealthy: [ids[0]] }];
  for (const sharer of [one!, two!]) {
    const { disagreements } = await report(sharer);
    assertEquals(disagreements, expected as typeof disagreements);
  }
  await two!.balancer.check(NOBODY);
  await sharing.advance(1100);
  for (const sharer of [one!, two!]) {
    const { members, disagreements } = await report(sharer);
    assertEquals(disagreements, []);
    assertEquals(members.map(({ status }) => status!.unhealthy), [[NOBODY], [NOBODY]]);
  }
});

Deno.test("Cluster.report() has the last known statuses while etcd is down", async () => {
  await using sharing = new Sharing();
  const [one] = await startCluster(sharing, ["one", "two"]);
  await report(one!);
  sharing.etcd.before = () => {
    throw new EtcdError("unreachable", "no answer");
  };
  const { members, error } = await report(one!);
  assertEquals([members.length, members[1]!.status?.servers, error], [2, 0, "no answer"]);
  sharing.etcd.before = (call) => call === "range" ? new Promise<void>(() => {}) : undefined;
  const late = await sharing.finish(report(one!));
  assertEquals(late.error, "Cannot read from etcd: it timed out");
  sharing.etcd.before = () => {};
});

Deno.test("Cluster ignores invalid values, and the registry reports them", async () => {
  await using sharing = new Sharing();
  const { etcd } = sharing;
  const [one] = await startCluster(sharing, ["one"]);
  const { run: id } = one!.balancer.events;
  const stranger = { id: "x", name: "\u001b[2J", version: "9", startedAt: new Date(0) };
  etcd.put("/b/members/x", memberValue({ ...stranger, admin: undefined, sharesHealth: true }));
  etcd.put("/b/members/y", "{}");
  etcd.put("/b/health/y", "nonsense");
  etcd.put("/b/status/x", "[]");
  etcd.put(`/b/status/${id}x`, "{}");
  await sharing.advance(0);
  const { members } = await report(one!);
  // An unknown member counts, even with an invalid status.
  assertEquals(members.map(({ id, status }) => [id, status?.servers]), [["x", undefined], [id, 0]]);
  const faults = () => one!.registry.registry.faults.map(({ key }) => key);
  assertEquals(faults(), [
    "/b/health/y",
    "/b/members/y",
    ...["/b/status/x", `/b/status/${id}x`].sort(),
  ]);
  for (const key of faults()) etcd.delete(key);
  await sharing.advance(0);
  await report(one!);
  assertEquals(faults(), []);
});

Deno.test("Cluster reports members that lag behind this one", async () => {
  await using sharing = new Sharing();
  const { etcd } = sharing;
  const [one] = await startCluster(sharing, ["one"]);
  const status = { at: new Date(0), requests_per_second: 0, active: 0, servers: 0, checks: 0 };
  const old = { ...status, unhealthy: [], unhealthy_count: 0, revision: 2 };
  const member = { name: "old", version: "1", started_at: new Date(0), shared_health: false };
  etcd.put("/b/members/x", JSON.stringify(member));
  etcd.put("/b/status/x", JSON.stringify(old));
  await sharing.advance(5000);
  assertEquals((await report(one!)).members.map(({ isBehind }) => isBehind), [false, false]);
  await sharing.advance(8000);
  assertEquals((await report(one!)).members.map(({ name, isBehind }) => [name, isBehind]), [
    ["old", true],
    ["one", false],
  ]);
});

Deno.test("a Cluster with shared checks checks each server once, and publishes the results", async () => {
  await using sharing = new Sharing();
  await using sample = new SampleServer("a");
  const sharers: Sharer[] = [];
  for (const name of ["one", "two", "three"]) {
    const fleet = { name, sharedHealth: true };
    const seed = [sample.url, NOBODY].map((url) => ({ url, healthCheckPeriod: 3600 }));
    sharers.push(await sharing.sharer({ seed, fleet }));
    await sharing.advance(200);
  }
  /**
   * Number of balancers that check each server themselves, that see no server as healthy, and of
   * checks in the published statuses.
   */
  async function look(): Promise<number[]> {
    await sharing.advance(200);
    const servers = sharers.map(({ balancer }) => balancer.servers());
    const own = [sample.url, NOBODY].map((url) =>
      servers.flat().filter((server) =>
        server.url === url && server.lastCheck !== undefined && server.lastCheck.by === undefined
      ).length
    );
    const down = servers.flat().filter(({ url, healthy }) => url === NOBODY && !healthy).length;
    const { members } = await report(sharers[0]!);
    return [...own, down, members.reduce((sum, { status }) => sum + status!.checks, 0)];
  }
  // Probes take real time.
  const wanted = [1, 1, 3, 2];
  for (let looks = 0; looks < 5000 && (await look()).join() !== wanted.join(); looks++);
  assertEquals(await look(), wanted);
  for (const { balancer } of sharers) {
    assertEquals(balancer.events.last(9).map(({ type }) => type), ["added", "added", "unhealthy"]);
  }
});
