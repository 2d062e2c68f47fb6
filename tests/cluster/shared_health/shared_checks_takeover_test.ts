import { assert, assertEquals } from "@std/assert";
import { PATIENCE } from "../../testing/checking_cluster.ts";
import { assertRate, rate, start } from "../started_cluster.ts";

Deno.test("SharedChecks take over from a killed balancer once its results are stale", async () => {
  const { cluster, urls } = await start({});
  using _ = cluster;
  const url = urls[3]!;
  cluster.servers.down.add(url);
  await cluster.clock.advance(11_000);
  const { id } = cluster.owner(url);
  const own = new Set(urls.filter((other) => cluster.owner(other).id === id));
  await cluster.kill(id);
  const killed = cluster.clock.now();
  const left = [...cluster.balancers.values()].filter((balancer) => balancer.id !== id);
  // Another of its servers goes down unnoticed.
  const other = [...own].find((candidate) => candidate !== url)!;
  cluster.servers.down.add(other);
  // Its last heartbeat may be as old as a third of that, and staleness is checked in steps.
  await cluster.clock.advance(PATIENCE * 1000 + PATIENCE * 50 + 500);
  for (const balancer of left) {
    assertEquals([balancer.isHealthy(url), balancer.isHealthy(other)], [false, false]);
    for (const taken of own) assert(cluster.servers.count(killed, { url: taken, by: balancer.id }));
  }
  // Its lease expires: its servers are assigned to the others.
  cluster.expire(id);
  await cluster.clock.advance(20_000);
  const since = cluster.clock.now();
  await cluster.clock.advance(90_000);
  assertRate(cluster.servers.count(since), rate(90) * 90);
  for (const { changes } of left) {
    assertEquals(changes.map(({ url, healthy }) => [url, healthy]), [[url, false], [other, false]]);
  }
});

Deno.test("SharedChecks take over at once when the lease of a balancer expires", async () => {
  const { cluster, urls } = await start({});
  using _ = cluster;
  const own = urls.filter((url) => cluster.owner(url).id === "ballast-2");
  await cluster.kill("ballast-2");
  cluster.expire("ballast-2");
  const since = cluster.clock.now();
  await cluster.clock.advance(500);
  for (const url of own) assertEquals(cluster.servers.count(since, { url }), 1);
});

Deno.test("SharedChecks check all servers themselves while they receive nothing", async () => {
  const { cluster, urls, all } = await start({});
  using _ = cluster;
  cluster.servers.down.add(urls[0]!);
  await cluster.clock.advance(11_000);
  const changes = all.map(({ changes }) => changes.length);
  for (const balancer of all) balancer.connected = false;
  await cluster.clock.advance(PATIENCE * 1000 + 1000);
  const since = cluster.clock.now();
  // The first checks of all servers run at once.
  await cluster.clock.advance(90_000);
  assertRate(cluster.servers.count(since), 3 * rate(90) * 90);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [90, 90, 90]);
  cluster.servers.down.add(urls[1]!);
  await cluster.clock.advance(10_000);
  assertEquals(all.map((balancer) => balancer.isHealthy(urls[1]!)), [false, false, false]);
  cluster.reconnect();
  await cluster.clock.advance(20_000);
  const back = cluster.clock.now();
  await cluster.clock.advance(90_000);
  assertRate(cluster.servers.count(back), rate(90) * 90);
  assertEquals(all.map(({ changes }) => changes.length), changes.map((count) => count + 1));
});

Deno.test("SharedChecks spread the checks of a thousand servers that they take over", async () => {
  const { cluster, all } = await start({ servers: 900 });
  using _ = cluster;
  for (const balancer of all) balancer.connected = false;
  const since = cluster.clock.now();
  await cluster.clock.advance(30_000);
  const perSecond = new Map<number, number>();
  for (const { at, by } of cluster.servers.probes) {
    if (at < since || by !== "ballast-1") continue;
    const second = Math.floor(at / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  // 900 servers need 100 checks a second; those of the first hundred taken over run at once.
  const most = Math.max(...perSecond.values());
  assert(most <= 260, `${most} checks in a second`);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [900, 900, 900]);
});

Deno.test("SharedChecks of a partitioned balancer check everything, and so do the others for it", async () => {
  const { cluster, urls, all: [first, second, third] } = await start({});
  using _ = cluster;
  first!.connected = false;
  await cluster.clock.advance(PATIENCE * 1000 + 1000);
  const since = cluster.clock.now();
  await cluster.clock.advance(90_000);
  assertRate(cluster.servers.count(since, { by: first!.id }), rate(90) * 90);
  const lost = urls.filter((url) =>
    [second!, third!].every((balancer) =>
      cluster.servers.count(since, { url, by: balancer.id }) > 0
    )
  );
  // Each of the others checks its servers as long as it is a member.
  assert(lost.length > 15 && lost.length < 45, String(lost.length));
  cluster.servers.down.add(lost[0]!);
  await cluster.clock.advance(10_000);
  for (const balancer of [first!, second!, third!]) assert(!balancer.isHealthy(lost[0]!));
});

Deno.test("SharedChecks change no health when balancers come and go", async () => {
  const { cluster, urls } = await start({ check: { rise: 2, fall: 3 } });
  using _ = cluster;
  const down = urls.filter((_, i) => i % 9 === 0);
  for (const url of down) cluster.servers.down.add(url);
  await cluster.clock.advance(40_000);
  for (const id of ["ballast-4", "ballast-5"]) {
    const newcomer = await cluster.join(id);
    // It has the results of the others at once.
    for (const url of down) assertEquals(newcomer.isHealthy(url), false, url);
    await cluster.clock.advance(1000);
  }
  await cluster.clock.advance(20_000);
  for (const id of ["ballast-1", "ballast-5"]) {
    await cluster.kill(id);
    await cluster.clock.advance(5000);
    cluster.expire(id);
  }
  await cluster.clock.advance(60_000);
  for (const { changes } of cluster.balancers.values()) {
    assertEquals(changes.map(({ url, healthy }) => `${url} ${healthy}`).sort(), [
      ...down.map((url) => `${url} false`).sort(),
    ]);
  }
  const since = cluster.clock.now();
  await cluster.clock.advance(90_000);
  assertRate(cluster.servers.count(since), rate(90) * 90);
});

Deno.test("SharedChecks that are disposed of leave all checks to the balancer", async () => {
  const { cluster, urls, all: [first, second] } = await start({});
  using _ = cluster;
  cluster.servers.down.add(urls[2]!);
  await cluster.clock.advance(11_000);
  first!.sharing[Symbol.dispose]();
  const since = cluster.clock.now();
  await cluster.clock.advance(500);
  for (const url of urls) {
    const isOwn = cluster.owner(url) === first;
    if (!isOwn) assertEquals(cluster.servers.count(since, { url, by: first!.id }), 1);
  }
  await cluster.clock.advance(60_000);
  assertEquals([first!.changes.length, second!.changes.length], [1, 1]);
});

Deno.test("SharedChecks keep checking a server until its new owner has a result", async () => {
  const { cluster, urls } = await start({});
  using _ = cluster;
  const before = new Map(urls.map((url) => [url, cluster.owner(url)]));
  // The next checks of most servers are 32 to 40 s from the start.
  await cluster.clock.advance(3000);
  await cluster.join("ballast-4", true);
  const moved = urls.filter((url) => cluster.owner(url).id === "ballast-4");
  assert(moved.length > 10, String(moved.length));
  const since = cluster.clock.now();
  // Until then, its results are pending.
  await cluster.clock.advance(4900);
  const by = moved.map((url) => cluster.servers.count(since, { url, by: before.get(url)!.id }));
  const checked = by.filter((count) => count > 0).length;
  assert(checked > moved.length / 4, `${checked} of ${moved.length} servers`);
});
