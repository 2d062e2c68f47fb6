import { assert, assertEquals } from "@std/assert";
import type { CheckingBalancer } from "../testing/checking_cluster.ts";
import { CONFIRMING, PUBLISHING, start } from "./started_cluster.ts";

/** One of three balancers, the others, and the servers whose checks it owns. */
async function startThree(servers = 90) {
  const { cluster, urls, all } = await start({ servers });
  const [one, ...others] = all as [CheckingBalancer, ...CheckingBalancer[]];
  return { cluster, one, others, all, own: urls.filter((url) => cluster.owner(url) === one) };
}

Deno.test("SharedChecks do not publish a server that was found down once", async () => {
  const { cluster, one, others, own: [url] } = await startThree();
  using _ = cluster;
  cluster.servers.down.add(url!);
  await one.checker.checkNow(url!);
  cluster.servers.down.delete(url!);
  await cluster.clock.advance(30_000);
  assertEquals(one.changes.map(({ healthy }) => healthy), [false, true]);
  assert(one.changes[1]!.at - one.changes[0]!.at <= CONFIRMING);
  for (const { changes } of others) assertEquals(changes, []);
});

for (const servers of [90, 600]) {
  Deno.test(`SharedChecks of ${servers} servers continue if one balancer cannot check any`, async () => {
    const { cluster, one, others, all, own } = await startThree(servers);
    using _ = cluster;
    const since = cluster.clock.now();
    cluster.servers.unable.set(one.id, "out_of_resources");
    // It takes a period to notice, another one to confirm, and one to check so many.
    await cluster.clock.advance(30_000);
    for (const { changes } of all) assertEquals(changes, []);
    // No balancer relies on its earlier results.
    for (const { id } of others) {
      for (const url of own) assert(cluster.servers.count(since, { url, by: id }) > 0, url);
    }
    const [gone] = own;
    cluster.servers.down.add(gone!);
    await cluster.clock.advance(10_000 + CONFIRMING);
    for (const balancer of others) assertEquals(balancer.isHealthy(gone!), false);
    // Once it can check again, the checks are shared as before.
    cluster.servers.unable.clear();
    await cluster.clock.advance(20_000);
    const then = cluster.clock.now();
    await cluster.clock.advance(30_000);
    for (const { id, changes } of others) {
      for (const url of own) assertEquals(cluster.servers.count(then, { url, by: id }), 0);
      assertEquals(changes.map(({ url, healthy }) => [url, healthy]), [[gone, false]]);
    }
    assertEquals(one.changes.map(({ url, healthy }) => [url, healthy]), [[gone, false]]);
  });
}

Deno.test("SharedChecks do not publish that one balancer cannot reach a server", async () => {
  const { cluster, one, others, own: [url] } = await startThree();
  using _ = cluster;
  cluster.servers.unable.set(`${one.id} ${url}`, "no_route");
  await cluster.clock.advance(30_000);
  assertEquals(one.changes.map(({ healthy }) => healthy), [false]);
  for (const { changes } of others) assertEquals(changes, []);
});

Deno.test("SharedChecks do not publish timeouts of a balancer that was suspended", async () => {
  const { cluster, one, others, own } = await startThree();
  using _ = cluster;
  for (const url of own) cluster.servers.hanging.add(url);
  for (const url of own) one.checker.checkNow(url);
  await cluster.clock.advance(1000);
  cluster.clock.pause(8000);
  cluster.servers.hanging.clear();
  await cluster.clock.advance(PUBLISHING + CONFIRMING);
  await cluster.clock.advance(20_000);
  for (const { changes } of [one, ...others]) assertEquals(changes, []);
});
