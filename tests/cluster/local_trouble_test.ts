import { assert, assertEquals } from "@std/assert";
import type { CheckingBalancer } from "../testing/checking_fleet.ts";
import { REPEATING, start, TELLING } from "./started_cluster.ts";

/** A balancer of three, the others, and the servers that it is to check. */
async function startThree(servers = 90) {
  const { fleet, urls, all } = await start({ servers });
  const [one, ...others] = all as [CheckingBalancer, ...CheckingBalancer[]];
  return { fleet, one, others, all, own: urls.filter((url) => fleet.prober(url) === one) };
}

Deno.test("SharedChecks do not tell of a server that was found down once", async () => {
  const { fleet, one, others, own: [url] } = await startThree();
  using _ = fleet;
  fleet.servers.down.add(url!);
  await one.checker.checkNow(url!);
  fleet.servers.down.delete(url!);
  await fleet.clock.advance(30_000);
  assertEquals(one.changes.map(({ healthy }) => healthy), [false, true]);
  assert(one.changes[1]!.at - one.changes[0]!.at <= REPEATING);
  for (const { changes } of others) assertEquals(changes, []);
});

for (const servers of [90, 600]) {
  Deno.test(`SharedChecks of ${servers} servers go on where one balancer cannot check any`, async () => {
    const { fleet, one, others, all, own } = await startThree(servers);
    using _ = fleet;
    const since = fleet.clock.now();
    fleet.servers.unable.set(one.id, "out_of_resources");
    // It takes a period to see that, another one to believe it, and one to check so many.
    await fleet.clock.advance(30_000);
    for (const { changes } of all) assertEquals(changes, []);
    // Nobody relies on what it has found before.
    for (const { id } of others) {
      for (const url of own) assert(fleet.servers.count(since, { url, by: id }) > 0, url);
    }
    const [gone] = own;
    fleet.servers.down.add(gone!);
    await fleet.clock.advance(10_000 + REPEATING);
    for (const balancer of others) assertEquals(balancer.isHealthy(gone!), false);
    // It can check again, and everything is as before.
    fleet.servers.unable.clear();
    await fleet.clock.advance(20_000);
    const then = fleet.clock.now();
    await fleet.clock.advance(30_000);
    for (const { id, changes } of others) {
      for (const url of own) assertEquals(fleet.servers.count(then, { url, by: id }), 0);
      assertEquals(changes.map(({ url, healthy }) => [url, healthy]), [[gone, false]]);
    }
    assertEquals(one.changes.map(({ url, healthy }) => [url, healthy]), [[gone, false]]);
  });
}

Deno.test("SharedChecks keep to themselves that one balancer has no way to a server", async () => {
  const { fleet, one, others, own: [url] } = await startThree();
  using _ = fleet;
  fleet.servers.unable.set(`${one.id} ${url}`, "no_route");
  await fleet.clock.advance(30_000);
  assertEquals(one.changes.map(({ healthy }) => healthy), [false]);
  for (const { changes } of others) assertEquals(changes, []);
});

Deno.test("SharedChecks do not tell of timeouts of a balancer that was stopped", async () => {
  const { fleet, one, others, own } = await startThree();
  using _ = fleet;
  for (const url of own) fleet.servers.hanging.add(url);
  for (const url of own) one.checker.checkNow(url);
  await fleet.clock.advance(1000);
  fleet.clock.pause(8000);
  fleet.servers.hanging.clear();
  await fleet.clock.advance(TELLING + REPEATING);
  await fleet.clock.advance(20_000);
  for (const { changes } of [one, ...others]) assertEquals(changes, []);
});
