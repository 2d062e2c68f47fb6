import { assert, assertEquals } from "@std/assert";
import { PATIENCE } from "../../testing/checking_fleet.ts";
import { assertRate, rate, start } from "../started_cluster.ts";

Deno.test("SharedChecks take over from a balancer that is killed, once its results are old", async () => {
  const { fleet, urls } = await start({});
  using _ = fleet;
  const url = urls[3]!;
  fleet.servers.down.add(url);
  await fleet.clock.advance(11_000);
  const { id } = fleet.prober(url);
  const own = new Set(urls.filter((other) => fleet.prober(other).id === id));
  await fleet.kill(id);
  const killed = fleet.clock.now();
  const left = [...fleet.balancers.values()].filter((balancer) => balancer.id !== id);
  // Another of its servers goes down, and nobody is there to see it.
  const other = [...own].find((candidate) => candidate !== url)!;
  fleet.servers.down.add(other);
  // Its last sign may be as old as a third of that, and the look for it comes in steps.
  await fleet.clock.advance(PATIENCE * 1000 + PATIENCE * 50 + 500);
  for (const balancer of left) {
    assertEquals([balancer.isHealthy(url), balancer.isHealthy(other)], [false, false]);
    for (const taken of own) assert(fleet.servers.count(killed, { url: taken, by: balancer.id }));
  }
  // Its lease is over: what it had is divided among the others.
  fleet.bury(id);
  await fleet.clock.advance(20_000);
  const since = fleet.clock.now();
  await fleet.clock.advance(90_000);
  assertRate(fleet.servers.count(since), rate(90) * 90);
  for (const { changes } of left) {
    assertEquals(changes.map(({ url, healthy }) => [url, healthy]), [[url, false], [other, false]]);
  }
});

Deno.test("SharedChecks take over at once where the lease of a balancer is over", async () => {
  const { fleet, urls } = await start({});
  using _ = fleet;
  const own = urls.filter((url) => fleet.prober(url).id === "ballast-2");
  await fleet.kill("ballast-2");
  fleet.bury("ballast-2");
  const since = fleet.clock.now();
  await fleet.clock.advance(500);
  for (const url of own) assertEquals(fleet.servers.count(since, { url }), 1);
});

Deno.test("SharedChecks check everything themselves while they hear nothing", async () => {
  const { fleet, urls, all } = await start({});
  using _ = fleet;
  fleet.servers.down.add(urls[0]!);
  await fleet.clock.advance(11_000);
  const changes = all.map(({ changes }) => changes.length);
  for (const balancer of all) balancer.connected = false;
  await fleet.clock.advance(PATIENCE * 1000 + 1000);
  const since = fleet.clock.now();
  // The first checks are at once, for all of them.
  await fleet.clock.advance(90_000);
  assertRate(fleet.servers.count(since), 3 * rate(90) * 90);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [90, 90, 90]);
  fleet.servers.down.add(urls[1]!);
  await fleet.clock.advance(10_000);
  assertEquals(all.map((balancer) => balancer.isHealthy(urls[1]!)), [false, false, false]);
  fleet.mend();
  await fleet.clock.advance(20_000);
  const back = fleet.clock.now();
  await fleet.clock.advance(90_000);
  assertRate(fleet.servers.count(back), rate(90) * 90);
  assertEquals(all.map(({ changes }) => changes.length), changes.map((count) => count + 1));
});

Deno.test("SharedChecks spread the checks of a thousand servers that they take over", async () => {
  const { fleet, all } = await start({ servers: 900 });
  using _ = fleet;
  for (const balancer of all) balancer.connected = false;
  const since = fleet.clock.now();
  await fleet.clock.advance(30_000);
  const perSecond = new Map<number, number>();
  for (const { at, by } of fleet.servers.probes) {
    if (at < since || by !== "ballast-1") continue;
    const second = Math.floor(at / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  // 900 servers are 100 checks a second; those of the first hundred that are taken over come at once.
  const most = Math.max(...perSecond.values());
  assert(most <= 260, `${most} checks in a second`);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [900, 900, 900]);
});

Deno.test("SharedChecks of a balancer alone hear nothing: it checks, and so do others for it", async () => {
  const { fleet, urls, all: [first, second, third] } = await start({});
  using _ = fleet;
  first!.connected = false;
  await fleet.clock.advance(PATIENCE * 1000 + 1000);
  const since = fleet.clock.now();
  await fleet.clock.advance(90_000);
  assertRate(fleet.servers.count(since, { by: first!.id }), rate(90) * 90);
  const lost = urls.filter((url) =>
    [second!, third!].every((balancer) => fleet.servers.count(since, { url, by: balancer.id }) > 0)
  );
  // What was its duty is checked by each of the others as long as it is a member.
  assert(lost.length > 15 && lost.length < 45, String(lost.length));
  fleet.servers.down.add(lost[0]!);
  await fleet.clock.advance(10_000);
  for (const balancer of [first!, second!, third!]) assert(!balancer.isHealthy(lost[0]!));
});

Deno.test("SharedChecks change no health when balancers come and go", async () => {
  const { fleet, urls } = await start({ check: { rise: 2, fall: 3 } });
  using _ = fleet;
  const down = urls.filter((_, i) => i % 9 === 0);
  for (const url of down) fleet.servers.down.add(url);
  await fleet.clock.advance(40_000);
  for (const id of ["ballast-4", "ballast-5"]) {
    const newcomer = await fleet.join(id);
    // What the others know it knows at once.
    for (const url of down) assertEquals(newcomer.isHealthy(url), false, url);
    await fleet.clock.advance(1000);
  }
  await fleet.clock.advance(20_000);
  for (const id of ["ballast-1", "ballast-5"]) {
    await fleet.kill(id);
    await fleet.clock.advance(5000);
    fleet.bury(id);
  }
  await fleet.clock.advance(60_000);
  for (const { changes } of fleet.balancers.values()) {
    assertEquals(changes.map(({ url, healthy }) => `${url} ${healthy}`).sort(), [
      ...down.map((url) => `${url} false`).sort(),
    ]);
  }
  const since = fleet.clock.now();
  await fleet.clock.advance(90_000);
  assertRate(fleet.servers.count(since), rate(90) * 90);
});

Deno.test("SharedChecks that are over leave the balancer to check for itself", async () => {
  const { fleet, urls, all: [first, second] } = await start({});
  using _ = fleet;
  fleet.servers.down.add(urls[2]!);
  await fleet.clock.advance(11_000);
  first!.sharing[Symbol.dispose]();
  const since = fleet.clock.now();
  await fleet.clock.advance(500);
  for (const url of urls) {
    const isOwn = fleet.prober(url) === first;
    if (!isOwn) assertEquals(fleet.servers.count(since, { url, by: first!.id }), 1);
  }
  await fleet.clock.advance(60_000);
  assertEquals([first!.changes.length, second!.changes.length], [1, 1]);
});

Deno.test("SharedChecks go on with a server until the one that is to check it has a result", async () => {
  const { fleet, urls } = await start({});
  using _ = fleet;
  const before = new Map(urls.map((url) => [url, fleet.prober(url)]));
  // The next checks of most servers are 32 to 40 s from the beginning.
  await fleet.clock.advance(3000);
  await fleet.join("ballast-4", true);
  const moved = urls.filter((url) => fleet.prober(url).id === "ballast-4");
  assert(moved.length > 10, String(moved.length));
  const since = fleet.clock.now();
  // The others await its results for as long as that.
  await fleet.clock.advance(4900);
  const by = moved.map((url) => fleet.servers.count(since, { url, by: before.get(url)!.id }));
  const checked = by.filter((count) => count > 0).length;
  assert(checked > moved.length / 4, `${checked} of ${moved.length} servers`);
});
