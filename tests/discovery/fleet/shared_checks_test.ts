import { assert, assertEquals } from "@std/assert";
import { DEFAULT_HEALTH_CHECK } from "../../../src/health/health_check.ts";
import { CheckingFleet, PATIENCE } from "../../testing/checking_fleet.ts";
import type { CheckingBalancer } from "../../testing/checking_fleet.ts";

const IDS = ["ballast-1", "ballast-2", "ballast-3"];
/** How long it takes at most until all know what one has found, in milliseconds. */
const TELLING = 110;

async function start(
  options: { ids?: readonly string[]; servers?: number; check?: { rise?: number; fall?: number } },
): Promise<{ fleet: CheckingFleet; urls: string[]; all: CheckingBalancer[] }> {
  const fleet = new CheckingFleet(options.check);
  for (const id of options.ids ?? IDS) await fleet.join(id);
  const urls = fleet.add(options.servers ?? 90);
  await fleet.clock.advance(30_000);
  return { fleet, urls, all: [...fleet.balancers.values()] };
}

/** How many probes a second it takes to check so many servers every 10 s, which is 9 s on average. */
function rate(servers: number): number {
  return servers / 9;
}

function assertRate(probes: number, expected: number): void {
  assert(Math.abs(probes - expected) < expected * 0.05, `${probes} probes; ${expected} expected`);
}

Deno.test("SharedChecks have each server checked by one of three balancers", async () => {
  const { fleet, urls, all } = await start({});
  using _ = fleet;
  const since = fleet.clock.now();
  await fleet.clock.advance(180_000);
  assertRate(fleet.servers.count(since), rate(90) * 180);
  for (const url of urls) {
    const by = IDS.filter((id) => fleet.servers.count(since, { url, by: id }) > 0);
    assertEquals(by.length, 1, `${url} is probed by ${by}`);
  }
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), 90);
  for (const { sharing, changes } of all) {
    assert(sharing.ownCount > 15 && sharing.ownCount < 45, String(sharing.ownCount));
    assertEquals(changes, []);
  }
});

Deno.test("SharedChecks probe every server once, and not more, from the start", async () => {
  const { fleet, urls } = await start({ ids: [], servers: 0 });
  using _ = fleet;
  for (const id of IDS) await fleet.join(id);
  urls.push(...fleet.add(60));
  await fleet.clock.advance(7000);
  assertEquals(urls.map((url) => fleet.servers.count(0, { url })), Array(60).fill(1));
});

Deno.test("SharedChecks tell all balancers of a server that goes down, and comes back", async () => {
  const { fleet, urls, all } = await start({});
  using _ = fleet;
  const url = urls[7]!;
  const prober = fleet.prober(url);
  for (const healthy of [false, true]) {
    if (healthy) fleet.servers.down.delete(url);
    else fleet.servers.down.add(url);
    await fleet.clock.advance(10_000 + TELLING);
    const found = prober.changes.at(-1)!;
    assertEquals(found.healthy, healthy);
    for (const balancer of all) {
      const { at, ...change } = balancer.changes.at(-1)!;
      assertEquals(change, { url, healthy });
      assert(at - found.at <= TELLING, `${balancer.id} knows ${at - found.at} ms later`);
      const { by, passed, detail } = balancer.report(url)!;
      assertEquals([by, passed], [balancer === prober ? undefined : prober.id, healthy]);
      if (!healthy) assertEquals(detail, "refused");
    }
  }
  assertEquals(all.map(({ changes }) => changes.length), [2, 2, 2]);
});

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

Deno.test("SharedChecks tell nothing of a server that nobody knows until they do", async () => {
  const { fleet, all } = await start({ check: { fall: 3 } });
  using _ = fleet;
  const url = `http://127.0.0.1:${10_090}`;
  fleet.servers.down.add(url);
  fleet.add(1, 10);
  const { id, sharing } = fleet.prober(url);
  await fleet.clock.advance(1000);
  assertEquals(sharing.results, { down: [], pending: [url] });
  // The others give it a period; then they see for themselves.
  await fleet.clock.advance(8500);
  assertEquals(fleet.servers.count(0, { url }), fleet.servers.count(0, { url, by: id }));
  await fleet.clock.advance(2500);
  for (const balancer of all) assert(fleet.servers.count(0, { url, by: balancer.id }) > 0);
  await fleet.clock.advance(30_000);
  assertEquals(sharing.results.pending, []);
  for (const balancer of all) {
    assertEquals(balancer.changes, [{ ...balancer.changes[0]!, url, healthy: false }]);
  }
  const since = fleet.clock.now();
  await fleet.clock.advance(30_000);
  assertEquals(fleet.servers.count(since, { url }), fleet.servers.count(since, { url, by: id }));
});

Deno.test("SharedChecks do not use what was found by another check", async () => {
  const { fleet, urls, all } = await start({ ids: IDS.slice(0, 2) });
  using _ = fleet;
  const other = { ...DEFAULT_HEALTH_CHECK, path: "/other" };
  all[0]!.checker.change(other);
  await fleet.clock.advance(PATIENCE * 1000 + 1000);
  assertEquals(all.map(({ sharing }) => sharing.ownCount), [90, 90]);
  all[1]!.checker.change(other);
  await fleet.clock.advance(1000);
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), urls.length);
});

Deno.test("SharedChecks do not believe a balancer that lacks a server", async () => {
  const { fleet, urls, all } = await start({ ids: IDS.slice(0, 2) });
  using _ = fleet;
  const [first, second] = all as [CheckingBalancer, CheckingBalancer];
  const url = urls.find((url) => fleet.prober(url) === first)!;
  first.registry.remove(url);
  fleet.servers.down.add(url);
  // The others may be a moment behind or ahead, so it counts for a while.
  await fleet.clock.advance(5000);
  assertEquals(second.isHealthy(url), true);
  await fleet.clock.advance(6000);
  assertEquals(second.isHealthy(url), false);
  first.registry.add({ url, healthCheckPeriod: 10 });
  await fleet.clock.advance(1000);
  assertEquals(first.sharing.ownCount + second.sharing.ownCount, urls.length);
});

Deno.test("SharedChecks leave out servers whose checks are turned off", async () => {
  const { fleet, urls, all } = await start({});
  using _ = fleet;
  const url = urls[0]!;
  fleet.servers.down.add(url);
  await fleet.clock.advance(11_000);
  for (const { registry } of all) registry.update(url, { healthCheckPeriod: 0 });
  assertEquals(all.map((balancer) => balancer.isHealthy(url)), [true, true, true]);
  const since = fleet.clock.now();
  await fleet.clock.advance(60_000);
  assertEquals(fleet.servers.count(since, { url }), 0);
  assertEquals(all.reduce((sum, { sharing }) => sum + sharing.ownCount, 0), urls.length - 1);
  for (const { registry } of all) registry.update(url, { healthCheckPeriod: 10 });
  await fleet.clock.advance(1000);
  assertEquals(all.map((balancer) => balancer.isHealthy(url)), [false, false, false]);
  assertEquals(fleet.servers.count(since, { url }), 1);
});

Deno.test("SharedChecks let a check count that was asked for, until the other is due", async () => {
  const { fleet, urls } = await start({});
  using _ = fleet;
  const url = urls[5]!;
  const prober = fleet.prober(url);
  const other = [...fleet.balancers.values()].find((balancer) => balancer !== prober)!;
  fleet.servers.down.add(url);
  await fleet.clock.advance(10_000 + TELLING);
  assertEquals(other.isHealthy(url), false);
  fleet.servers.down.delete(url);
  const asked = fleet.clock.now();
  const report = await other.checker.checkNow(url);
  assertEquals([report.passed, report.by, other.isHealthy(url)], [true, undefined, true]);
  assertEquals(other.report(url), report);
  await fleet.clock.advance(10_000 + TELLING);
  assertEquals([prober, other].map((balancer) => balancer.isHealthy(url)), [true, true]);
  assertEquals(fleet.servers.count(asked, { url, by: other.id }), 1);
  assertEquals(other.report(url)!.by, prober.id);
  assertEquals(other.changes.map(({ healthy }) => healthy), [false, true]);
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

Deno.test("SharedChecks go on with what is known while many servers are new", async () => {
  const { fleet, urls, all } = await start({});
  using _ = fleet;
  const added = fleet.add(700);
  await fleet.clock.advance(200);
  // Most of them are checked later, as they would be too many at once.
  for (const { sharing } of all) assert(sharing.results.pending.length > 100);
  // What is known is told all the same.
  const url = urls[11]!;
  fleet.servers.down.add(url);
  await fleet.prober(url).checker.checkNow(url);
  await fleet.clock.advance(TELLING);
  for (const balancer of all) assert(!balancer.isHealthy(url), balancer.id);
  // And each is checked by the one whose duty it is.
  await fleet.clock.advance(10_000);
  for (const url of added) {
    const by = [...fleet.balancers.keys()].filter((by) => fleet.servers.count(0, { url, by }) > 0);
    assertEquals(by, [fleet.prober(url).id]);
  }
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
