import { assertEquals, assertRejects } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import type { SendOptions, Transport, UpstreamResponse } from "../../src/upstream/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { DEFAULT_HEALTH_CHECK } from "../testing/settings.ts";

const A = "http://127.0.0.1:3001";

/** A checker over one server whose responses a test controls. */
class Fixture implements Disposable {
  readonly clock = new FakeClock();
  readonly table = new StateTable(10);
  readonly registry = new Registry(this.table);
  readonly results: boolean[] = [];
  readonly checker: HealthChecker;
  readonly #waiting: ((response: UpstreamResponse) => void)[] = [];
  probes = 0;

  constructor(check = DEFAULT_HEALTH_CHECK) {
    this.checker = new HealthChecker({
      registry: this.registry,
      table: this.table,
      clock: this.clock,
      check,
      random: () => 1,
      onResult: (_, passed) => this.results.push(passed),
      transport: {
        send: (_url: string, _request: unknown, { cancellation }: SendOptions = {}) =>
          new Promise<UpstreamResponse>((resolve, reject) => {
            this.probes++;
            this.#waiting.push(resolve);
            cancellation?.attach({ cancel: reject });
          }),
      } as unknown as Transport,
    });
  }

  get healthy(): boolean {
    return this.table.isHealthy(this.registry.get(A).slot);
  }

  /** Answers every pending check. */
  async answer(status: number): Promise<void> {
    const nothing = { headers: [], contentLength: undefined, body: null, discard: () => {} };
    for (const resolve of this.#waiting.splice(0)) resolve({ status, ...nothing });
    await this.clock.advance(0);
  }

  [Symbol.dispose](): void {
    this.checker[Symbol.dispose]();
  }
}

Deno.test("HealthChecker.checkNow() checks a server whose period is 0, and it counts", async () => {
  using fixture = new Fixture();
  fixture.registry.add({ url: A, healthCheckPeriod: 0 });
  for (const [status, passed] of [[500, false], [204, true]] as const) {
    const report = fixture.checker.checkNow(A);
    await fixture.answer(status);
    const { detail, passed: found, at, duration } = await report;
    assertEquals([detail, found, duration], [`HTTP ${status}`, passed, 0]);
    assertEquals(at, fixture.clock.date());
    assertEquals([fixture.healthy, fixture.checker.report(A)?.passed], [passed, passed]);
  }
  assertEquals(fixture.results, [false, true]);
  await fixture.clock.advance(86_400_000);
  assertEquals([fixture.probes, fixture.clock.timers], [2, 0]);
});

Deno.test("HealthChecker.checkNow() of a server whose period is 0 ends with the timeout", async () => {
  using fixture = new Fixture();
  fixture.registry.add({ url: A, healthCheckPeriod: 0 });
  const report = fixture.checker.checkNow(A);
  await fixture.clock.advance(4999);
  assertEquals(fixture.checker.report(A), undefined);
  await fixture.clock.advance(1);
  assertEquals((await report).passed, false);
});

Deno.test("HealthChecker.checkNow() joins a check that is in progress", async () => {
  using fixture = new Fixture();
  fixture.registry.add({ url: A, healthCheckPeriod: 10 });
  const reports = [1, 2, 3].map(() => fixture.checker.checkNow(A));
  await fixture.answer(500);
  const [first, ...others] = await Promise.all(reports);
  for (const other of others) assertEquals(other === first, true);
  assertEquals([fixture.probes, fixture.results], [1, [false]]);
});

Deno.test("HealthChecker.checkNow() respects rise and fall, and the next check is a period later", async () => {
  using fixture = new Fixture({ ...DEFAULT_HEALTH_CHECK, fall: 2 });
  fixture.registry.add({ url: A, healthCheckPeriod: 10 });
  await fixture.answer(500);
  assertEquals(fixture.healthy, true);
  await fixture.clock.advance(4000);
  const report = fixture.checker.checkNow(A);
  await fixture.answer(500);
  await report;
  assertEquals([fixture.healthy, fixture.probes, fixture.clock.timers], [false, 2, 1]);
  await fixture.clock.advance(9999);
  assertEquals(fixture.probes, 2);
  await fixture.clock.advance(1);
  assertEquals(fixture.probes, 3);
});

Deno.test("HealthChecker.checkNow() counts even if checks are turned off meanwhile", async () => {
  using fixture = new Fixture();
  fixture.registry.add({ url: A, healthCheckPeriod: 10 });
  const report = fixture.checker.checkNow(A);
  fixture.registry.update(A, { healthCheckPeriod: 0 });
  await fixture.answer(500);
  assertEquals([(await report).passed, fixture.healthy], [false, false]);
  assertEquals(fixture.clock.timers, 0);
});

Deno.test("HealthChecker.checkNow() rejects for an unknown server, or one that is removed meanwhile", async () => {
  using fixture = new Fixture();
  const missing = await assertRejects(() => fixture.checker.checkNow(A), BalancerError);
  fixture.registry.add({ url: A, healthCheckPeriod: 0 });
  const report = fixture.checker.checkNow(A);
  fixture.registry.remove(A);
  const gone = await assertRejects(() => report, BalancerError);
  assertEquals([missing.code, gone.code], ["not_found", "not_found"]);
  assertEquals([fixture.results, fixture.clock.timers], [[], 0]);
});
