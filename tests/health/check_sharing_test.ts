import { assert, assertEquals } from "@std/assert";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import type { CheckOwner, CheckResult, CheckSharing } from "../../src/health/check_sharing.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import type { HealthCheck } from "../../src/model/settings.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { ProbedServers } from "../testing/probed_servers.ts";
import { DEFAULT_HEALTH_CHECK } from "../testing/settings.ts";

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002";

/** Says of each server what the test says. */
class ScriptedSharing implements CheckSharing {
  readonly owners = new Map<string, CheckOwner>();
  readonly results: (CheckResult & { url: string })[] = [];
  readonly forgotten: string[] = [];
  readonly unchecked: string[] = [];
  /** Whose next check is to be repeated. */
  readonly doubted = new Set<string>();
  readonly checks: HealthCheck[] = [];
  review: (urls: Iterable<string>) => void = () => {};

  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void {
    this.checks.push(check);
    this.review = review;
  }

  changeCheck(check: HealthCheck): void {
    this.checks.push(check);
  }

  owner({ url }: { url: string }): CheckOwner {
    return this.owners.get(url) ?? "self";
  }

  onResult({ url }: { url: string }, result: CheckResult): boolean {
    this.results.push({ url, ...result });
    return this.doubted.delete(url);
  }

  cannotCheck({ url }: { url: string }): void {
    this.unchecked.push(url);
  }

  forget(url: string): void {
    this.forgotten.push(url);
  }

  /** From now on, this is so. */
  say(url: string, owner: CheckOwner): void {
    this.owners.set(url, owner);
    this.review([url]);
  }
}

function other(healthy: boolean, detail = healthy ? "fine" : "refused"): CheckOwner {
  return { healthy, detail, by: "other", at: new Date(7) };
}

class Fixture implements Disposable {
  readonly clock = new FakeClock();
  readonly table = new StateTable(1000);
  readonly registry = new Registry(this.table);
  readonly servers = new ProbedServers(this.clock);
  readonly sharing = new ScriptedSharing();
  readonly changes: string[] = [];
  readonly checker: HealthChecker;

  constructor(check: Partial<HealthCheck> = {}) {
    this.checker = new HealthChecker({
      registry: this.registry,
      table: this.table,
      clock: this.clock,
      transport: this.servers.transport("me"),
      check: { ...DEFAULT_HEALTH_CHECK, ...check },
      random: () => 1,
      onChange: (_, healthy, detail) => this.changes.push(`${healthy} ${detail}`),
    });
  }

  isHealthy(url: string): boolean {
    return this.table.isHealthy(this.registry.get(url).slot);
  }

  times(url: string): number[] {
    return this.servers.probes.filter((probe) => probe.url === url).map(({ at }) => at);
  }

  [Symbol.dispose](): void {
    this.checker[Symbol.dispose]();
  }
}

Deno.test("HealthChecker.share() leaves servers to others, and believes them", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, changes } = fixture;
  checker.share(sharing);
  sharing.owners.set(A, other(false));
  sharing.owners.set(B, "pending");
  registry.add({ url: A });
  registry.add({ url: B });
  await clock.advance(60_000);
  assertEquals([fixture.isHealthy(A), fixture.isHealthy(B)], [false, true]);
  assertEquals([fixture.times(A), fixture.times(B), clock.timers], [[], [], 0]);
  assertEquals([checker.report(A)?.passed, checker.report(B)], [false, undefined]);
  assertEquals(checker.report(A), {
    at: new Date(7),
    passed: false,
    detail: "refused",
    duration: 0,
    by: "other",
  });
  sharing.say(A, other(true));
  assertEquals(fixture.isHealthy(A), true);
  assertEquals(changes, ["false refused (checked by other)", "true fine (checked by other)"]);
  assertEquals(sharing.results, []);
});

Deno.test("HealthChecker takes a server over with the health that it has, and tells what it finds", async () => {
  using fixture = new Fixture({ rise: 2 });
  const { clock, registry, sharing, checker } = fixture;
  checker.share(sharing);
  sharing.owners.set(A, other(false));
  registry.add({ url: A });
  await clock.advance(25_000);
  sharing.say(A, "self");
  assertEquals(checker.report(A)?.by, "other");
  // Half a second at most: here, all of it.
  await clock.advance(499);
  assertEquals(fixture.times(A), []);
  await clock.advance(1);
  assertEquals([fixture.times(A), fixture.isHealthy(A)], [[25_500], false]);
  assertEquals(checker.report(A)?.by, undefined);
  await clock.advance(10_000);
  assertEquals([fixture.times(A), fixture.isHealthy(A)], [[25_500, 35_500], true]);
  assertEquals(sharing.results.map(({ url, healthy, passed }) => [url, healthy, passed]), [
    [A, false, true],
    [A, true, true],
  ]);
});

Deno.test("HealthChecker gives a server up that another one checks, with the check under way", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  checker.share(sharing);
  servers.hanging.add(A);
  registry.add({ url: A });
  await clock.advance(1000);
  sharing.say(A, other(true));
  // The check fails after 5 s, and counts no more.
  await clock.advance(60_000);
  assertEquals([fixture.times(A), fixture.isHealthy(A), sharing.results], [[0], true, []]);
  assertEquals(clock.timers, 0);
});

Deno.test("HealthChecker goes on with the check under way of a server that comes back to it", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  checker.share(sharing);
  servers.hanging.add(A);
  registry.add({ url: A });
  await clock.advance(1000);
  sharing.say(A, "pending");
  sharing.say(A, "self");
  await clock.advance(4000);
  assertEquals([fixture.isHealthy(A), sharing.results.length], [false, 1]);
  await clock.advance(5000);
  assertEquals(fixture.times(A), [0, 10_000]);
});

Deno.test("HealthChecker.share() begins with a running checker, and what it knows", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  servers.down.add(B);
  for (const url of [A, B]) registry.add({ url });
  registry.add({ url: "http://unchecked", healthCheckPeriod: 0 });
  await clock.advance(1000);
  sharing.owners.set(A, other(true));
  checker.share(sharing);
  assertEquals(sharing.results, [
    { url: A, healthy: true, passed: true, detail: "HTTP 200" },
    { url: B, healthy: false, passed: false, detail: "refused" },
  ]);
  await clock.advance(20_000);
  assertEquals([fixture.times(A), fixture.times(B)], [[0], [0, 10_000, 20_000]]);
});

Deno.test("HealthChecker repeats a check soon that the others do not believe yet", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  servers.down.add(A);
  registry.add({ url: A });
  await clock.advance(1000);
  // The result from before counts as one check.
  sharing.doubted.add(A);
  checker.share(sharing);
  await clock.advance(500);
  assertEquals(fixture.times(A), [0, 1500]);
  sharing.doubted.add(A);
  await clock.advance(10_000);
  assertEquals(fixture.times(A), [0, 1500, 11_500]);
  await clock.advance(500);
  assertEquals(fixture.times(A), [0, 1500, 11_500, 12_000]);
});

Deno.test("HealthChecker tells that it cannot check a server", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  checker.share(sharing);
  sharing.owners.set(B, other(false));
  for (const url of [A, B]) registry.add({ url });
  await clock.advance(1000);
  servers.unable.set("me", "out_of_resources");
  await checker.checkNow(B);
  await clock.advance(9500);
  assertEquals([sharing.unchecked, sharing.results.length], [[A, A], 1]);
  assertEquals([fixture.isHealthy(A), fixture.isHealthy(B)], [true, false]);
});

Deno.test("HealthChecker tells of a check that changes, and repeats its own only", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker } = fixture;
  checker.share(sharing);
  sharing.owners.set(B, other(true));
  for (const url of [A, B]) registry.add({ url });
  await clock.advance(1000);
  checker.change({ ...DEFAULT_HEALTH_CHECK, path: "/x" });
  await clock.advance(0);
  assertEquals(sharing.checks.map(({ path }) => path), ["/", "/x"]);
  assertEquals([fixture.times(A), fixture.times(B)], [[0, 1000], []]);
});

Deno.test("HealthChecker tells of servers that are checked no more, but not of its own end", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker } = fixture;
  checker.share(sharing);
  for (const url of [A, B]) registry.add({ url });
  sharing.say(A, other(false));
  registry.update(A, { healthCheckPeriod: 0 });
  assertEquals([sharing.forgotten, fixture.isHealthy(A)], [[A], true]);
  registry.update(A, { healthCheckPeriod: 5 });
  assertEquals(fixture.isHealthy(A), false);
  registry.remove(A);
  assertEquals(sharing.forgotten, [A, A]);
  checker[Symbol.dispose]();
  sharing.review([B]);
  await clock.advance(60_000);
  assertEquals([sharing.forgotten, clock.timers, fixture.times(B)], [[A, A], 0, [0]]);
});

Deno.test("HealthChecker.checkNow() counts for a period where another one checks", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker } = fixture;
  checker.share(sharing);
  sharing.owners.set(A, other(false));
  registry.add({ url: A, healthCheckPeriod: 20 });
  const report = await checker.checkNow(A);
  assertEquals([report.passed, fixture.isHealthy(A), checker.report(A)], [true, true, report]);
  await clock.advance(19_999);
  assertEquals(fixture.isHealthy(A), true);
  await clock.advance(1);
  assertEquals([fixture.isHealthy(A), checker.report(A)?.by], [false, "other"]);
  assertEquals([fixture.times(A), sharing.results], [[0], []]);
  // A new result of the other balancer counts at once.
  await checker.checkNow(A);
  sharing.say(A, other(false));
  assertEquals(fixture.isHealthy(A), false);
});

Deno.test("HealthChecker spreads the checks of servers that are added in one moment", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers } = fixture;
  for (let i = 0; i < 300; i++) registry.add({ url: `http://127.0.0.1:${10_000 + i}` });
  await clock.advance(0);
  assertEquals(servers.count(0), 100);
  await clock.advance(9000);
  assertEquals(new Set(servers.probes.map(({ url }) => url)).size, 300);
});

Deno.test("HealthChecker spreads what it takes over within a period, however it comes", async () => {
  using fixture = new Fixture();
  const { clock, registry, sharing, checker, servers } = fixture;
  checker.share(sharing);
  const urls = Array.from({ length: 250 }, (_, i) => `http://127.0.0.1:${10_000 + i}`);
  for (const url of urls) {
    sharing.owners.set(url, other(true));
    registry.add({ url });
  }
  for (let i = 0; i < 250; i += 50) {
    for (const url of urls.slice(i, i + 50)) sharing.owners.set(url, "self");
    sharing.review(urls.slice(i, i + 50));
    await clock.advance(1000);
  }
  assertEquals(servers.count(0), 100);
  await clock.advance(9000);
  assert(servers.count(0) >= 250);
});
