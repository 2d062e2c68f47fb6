import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { ProbedServers } from "../testing/probed_servers.ts";
import { DEFAULT_HEALTH_CHECK } from "../testing/settings.ts";

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002";

class Fixture implements Disposable {
  readonly clock = new FakeClock();
  readonly table = new StateTable(1000);
  readonly registry = new Registry(this.table);
  readonly servers = new ProbedServers(this.clock);
  /** The results of the checks that counted. */
  readonly results: boolean[] = [];
  readonly checker = new HealthChecker({
    registry: this.registry,
    table: this.table,
    clock: this.clock,
    transport: this.servers.transport("me"),
    check: DEFAULT_HEALTH_CHECK,
    // The upper end of the range, so that times in the tests are round.
    random: () => 1,
    onResult: (_, passed) => this.results.push(passed),
  });

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

Deno.test("HealthChecker repeats a check with a local failure, and leaves the server as it is", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers, checker, results } = fixture;
  registry.add({ url: A });
  await clock.advance(1000);
  servers.unable.set("me", "out_of_resources");
  await clock.advance(25_000);
  // Soon at first, and later no more often than regular checks.
  assertEquals(fixture.times(A), [0, 10_000, 10_500, 11_500, 13_500, 17_500, 25_500]);
  assertEquals([fixture.isHealthy(A), results], [true, [true]]);
  assertEquals(checker.report(A)?.detail, "HTTP 200");
  servers.unable.clear();
  servers.down.add(A);
  await clock.advance(9000);
  assertEquals([fixture.isHealthy(A), results], [false, [true, false]]);
  // An unhealthy server stays unhealthy as well.
  servers.unable.set("me", "out_of_resources");
  await clock.advance(60_000);
  assertEquals([fixture.isHealthy(A), results], [false, [true, false]]);
});

Deno.test("HealthChecker.checkNow() reports the local reason of a failure", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers, checker } = fixture;
  registry.add({ url: A });
  await clock.advance(1000);
  servers.unable.set("me", "out_of_resources");
  const { passed, detail } = await checker.checkNow(A);
  assertEquals([passed, detail, fixture.isHealthy(A)], [false, "me: out_of_resources", true]);
});

Deno.test("HealthChecker ignores the timeout of a check during which the process was paused", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers, checker } = fixture;
  servers.hanging.add(A);
  registry.add({ url: A });
  await clock.advance(3000);
  clock.pause(3000);
  await clock.advance(0);
  assertEquals([fixture.isHealthy(A), checker.report(A)], [true, undefined]);
  // The repetition has its full time, and counts.
  await clock.advance(500 + 4999);
  assertEquals([fixture.times(A), fixture.isHealthy(A)], [[0, 6500], true]);
  await clock.advance(1);
  assertEquals(fixture.isHealthy(A), false);
  assertEquals(checker.report(A)?.detail, "No response within 5 s");
});

Deno.test("HealthChecker notices a pause in the middle of a check, and excuses no short one", async () => {
  for (const [pause, excused] of [[1300, true], [600, false]] as const) {
    using fixture = new Fixture();
    const { clock, registry, servers, checker } = fixture;
    servers.hanging.add(A);
    registry.add({ url: A });
    await clock.advance(1900);
    clock.pause(pause);
    const asked = checker.checkNow(A);
    await clock.advance(5000 - 1900 - pause);
    assertEquals(fixture.isHealthy(A), excused, String(pause));
    const { detail } = await asked;
    if (excused) assertStringIncludes(detail, "this process was paused meanwhile");
  }
});

Deno.test("HealthChecker counts a refused connection even after a pause", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers } = fixture;
  servers.down.add(A);
  registry.add({ url: A });
  clock.pause(60_000);
  await clock.advance(0);
  assertEquals(fixture.isHealthy(A), false);
});

Deno.test("HealthChecker considers a server unhealthy if there is no route to it, but to others", async () => {
  using fixture = new Fixture();
  const { clock, registry, servers } = fixture;
  servers.unable.set(A, "no_route");
  registry.add({ url: A });
  await clock.advance(60_000);
  // The machine's own network may be down.
  assertEquals([fixture.isHealthy(A), fixture.results], [true, []]);
  registry.add({ url: B });
  await clock.advance(20_000);
  assertEquals([fixture.isHealthy(A), fixture.isHealthy(B)], [false, true]);
  servers.unable.clear();
  await clock.advance(10_000);
  assertEquals(fixture.isHealthy(A), true);
});
