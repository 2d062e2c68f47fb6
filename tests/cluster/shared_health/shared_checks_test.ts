import { assert, assertEquals } from "@std/assert";
import { type CheckingBalancer, PATIENCE } from "../../testing/checking_cluster.ts";
import { assertRate, CONFIRMING, IDS, PUBLISHING, rate, start } from "../started_cluster.ts";
import { DEFAULT_HEALTH_CHECK } from "../../testing/settings.ts";

Deno.test("SharedChecks let one of three balancers check each server", async () => {
  const { cluster, urls, all } = await start({});
  using _ = cluster;
  const since = cluster.clock.now();
  await cluster.clock.advance(180_000);
  assertRate(cluster.servers.count(since), rate(90) * 180);
  for (const url of urls) {
    const by = IDS.filter((id) => cluster.servers.count(since, { url, by: id }) > 0);
    assertEquals(by.length, 1, `${url} is probed by ${by}`);
  }
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), 90);
  for (const { sharing, changes } of all) {
    assert(sharing.ownCount > 15 && sharing.ownCount < 45, String(sharing.ownCount));
    assertEquals(changes, []);
  }
});

Deno.test("SharedChecks probe every server exactly once at the start", async () => {
  const { cluster, urls } = await start({ ids: [], servers: 0 });
  using _ = cluster;
  for (const id of IDS) await cluster.join(id);
  urls.push(...cluster.add(60));
  await cluster.clock.advance(7000);
  assertEquals(urls.map((url) => cluster.servers.count(0, { url })), Array(60).fill(1));
});

Deno.test("SharedChecks inform all balancers of a server that goes down and comes back", async () => {
  const { cluster, urls, all } = await start({});
  using _ = cluster;
  const url = urls[7]!;
  const owner = cluster.owner(url);
  for (const healthy of [false, true]) {
    if (healthy) cluster.servers.down.delete(url);
    else cluster.servers.down.add(url);
    // That a server is down is published once a second check confirms it.
    const known = PUBLISHING + (healthy ? 0 : CONFIRMING);
    await cluster.clock.advance(10_000 + known);
    const found = owner.changes.at(-1)!;
    assertEquals(found.healthy, healthy);
    for (const balancer of all) {
      const { at, ...change } = balancer.changes.at(-1)!;
      assertEquals(change, { url, healthy });
      assert(at - found.at <= known, `${balancer.id} knows ${at - found.at} ms later`);
      const { by, passed, detail } = balancer.report(url)!;
      assertEquals([by, passed], [balancer === owner ? undefined : owner.id, healthy]);
      if (!healthy) assertEquals(detail, "refused");
    }
  }
  assertEquals(all.map(({ changes }) => changes.length), [2, 2, 2]);
});

Deno.test("SharedChecks list a new server as pending until it has a result", async () => {
  const { cluster, all } = await start({ check: { fall: 3 } });
  using _ = cluster;
  const url = `http://127.0.0.1:${10_090}`;
  cluster.servers.down.add(url);
  cluster.add(1, 10);
  const { id, sharing } = cluster.owner(url);
  await cluster.clock.advance(1000);
  assertEquals(sharing.results, { down: [], pending: [url] });
  // The others wait for a period, then check themselves.
  await cluster.clock.advance(8500);
  assertEquals(cluster.servers.count(0, { url }), cluster.servers.count(0, { url, by: id }));
  await cluster.clock.advance(2500);
  for (const balancer of all) assert(cluster.servers.count(0, { url, by: balancer.id }) > 0);
  await cluster.clock.advance(30_000);
  assertEquals(sharing.results.pending, []);
  for (const balancer of all) {
    assertEquals(balancer.changes, [{ ...balancer.changes[0]!, url, healthy: false }]);
  }
  const since = cluster.clock.now();
  await cluster.clock.advance(30_000);
  assertEquals(
    cluster.servers.count(since, { url }),
    cluster.servers.count(since, { url, by: id }),
  );
});

Deno.test("SharedChecks ignore results of a different health check", async () => {
  const { cluster, urls, all } = await start({ ids: IDS.slice(0, 2) });
  using _ = cluster;
  const other = { ...DEFAULT_HEALTH_CHECK, path: "/other" };
  all[0]!.checker.change(other);
  await cluster.clock.advance(PATIENCE * 1000 + 1000);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [90, 90]);
  all[1]!.checker.change(other);
  await cluster.clock.advance(1000);
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), urls.length);
});

Deno.test("SharedChecks ignore a balancer that lacks a server", async () => {
  const { cluster, urls, all } = await start({ ids: IDS.slice(0, 2) });
  using _ = cluster;
  const [first, second] = all as [CheckingBalancer, CheckingBalancer];
  const url = urls.find((url) => cluster.owner(url) === first)!;
  first.registry.remove(url);
  cluster.servers.down.add(url);
  // Balancers may be slightly out of step, so its results count for a while.
  await cluster.clock.advance(5000);
  assertEquals(second.isHealthy(url), true);
  await cluster.clock.advance(6000);
  assertEquals(second.isHealthy(url), false);
  first.registry.add({ url, healthCheckPeriod: 10 });
  await cluster.clock.advance(1000);
  assertEquals(first.sharing.ownCount + second.sharing.ownCount, urls.length);
});

Deno.test("SharedChecks leave out servers with checks turned off", async () => {
  const { cluster, urls, all } = await start({});
  using _ = cluster;
  const url = urls[0]!;
  cluster.servers.down.add(url);
  await cluster.clock.advance(11_000);
  assertEquals(all.map((balancer) => balancer.isHealthy(url)), [false, false, false]);
  for (const { registry } of all) registry.update(url, { healthCheckPeriod: 0 });
  assertEquals(all.map((balancer) => balancer.isHealthy(url)), [true, true, true]);
  const since = cluster.clock.now();
  await cluster.clock.advance(60_000);
  assertEquals(cluster.servers.count(since, { url }), 0);
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), urls.length - 1);
  for (const { registry } of all) registry.update(url, { healthCheckPeriod: 10 });
  await cluster.clock.advance(1000);
  assertEquals(all.map((balancer) => balancer.isHealthy(url)), [false, false, false]);
  // No earlier result counts any more, so it is found down twice.
  assertEquals(cluster.servers.count(since, { url }), 2);
});

Deno.test("SharedChecks let a requested check count until the owner's next one", async () => {
  const { cluster, urls } = await start({});
  using _ = cluster;
  const url = urls[5]!;
  const owner = cluster.owner(url);
  const other = [...cluster.balancers.values()].find((balancer) => balancer !== owner)!;
  cluster.servers.down.add(url);
  await cluster.clock.advance(10_000 + CONFIRMING + PUBLISHING);
  assertEquals(other.isHealthy(url), false);
  cluster.servers.down.delete(url);
  const asked = cluster.clock.now();
  const report = await other.checker.checkNow(url);
  assertEquals([report.passed, report.by, other.isHealthy(url)], [true, undefined, true]);
  assertEquals(other.report(url), report);
  await cluster.clock.advance(10_000 + PUBLISHING);
  assertEquals([owner, other].map((balancer) => balancer.isHealthy(url)), [true, true]);
  assertEquals(cluster.servers.count(asked, { url, by: other.id }), 1);
  assertEquals(other.report(url)!.by, owner.id);
  assertEquals(other.changes.map(({ healthy }) => healthy), [false, true]);
});

Deno.test("SharedChecks keep using known results while many servers are new", async () => {
  const { cluster, urls, all } = await start({});
  using _ = cluster;
  const added = cluster.add(700);
  await cluster.clock.advance(200);
  // Most of them are checked later, to spread the load.
  for (const { sharing } of all) assert(sharing.results.pending.length > 100);
  // Known results are published all the same.
  const url = urls[11]!;
  cluster.servers.down.add(url);
  await cluster.owner(url).checker.checkNow(url);
  await cluster.clock.advance(CONFIRMING + PUBLISHING);
  for (const balancer of all) assert(!balancer.isHealthy(url), balancer.id);
  // And each is checked by its owner.
  await cluster.clock.advance(10_000);
  for (const url of added) {
    const by = [...cluster.balancers.keys()].filter((by) =>
      cluster.servers.count(0, { url, by }) > 0
    );
    assertEquals(by, [cluster.owner(url).id]);
  }
});
