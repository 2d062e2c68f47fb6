import { assert, assertEquals } from "@std/assert";
import { BalancerError } from "../../src/model/errors.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { HealthChecker } from "../../src/health/checker.ts";
import type { HealthCheck } from "../../src/model/settings.ts";
import type {
  ConnectionCounts,
  SendOptions,
  Transport,
  UpstreamResponse,
} from "../../src/upstream/transport.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { DEFAULT_HEALTH_CHECK } from "../testing/settings.ts";

/** A transport on which servers respond with a status, refuse (0) or never respond (-1). */
class ScriptedTransport implements Transport {
  /** Time and server of each probe. */
  readonly probes: [time: number, url: string][] = [];
  readonly #clock: FakeClock;
  readonly #statuses: Record<string, number>;

  constructor(clock: FakeClock, statuses: Record<string, number>) {
    this.#clock = clock;
    this.#statuses = statuses;
  }

  send(url: string, _: unknown, { cancellation }: SendOptions = {}): Promise<UpstreamResponse> {
    this.probes.push([this.#clock.now(), url]);
    const status = this.#statuses[url]!;
    if (status === 0) return Promise.reject(new BalancerError("connect_failed", "refused"));
    if (status > 0) {
      const nothing = { headers: [], contentLength: undefined, body: null };
      return Promise.resolve({ status, ...nothing, discard: () => {} });
    }
    return new Promise((_, reject) => cancellation?.attach({ cancel: reject }));
  }

  forget(): void {}

  connections(): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const A = "http://127.0.0.1:3001";
const B = "http://127.0.0.1:3002";

function setUp(
  statuses: Record<string, number>,
  options: { check?: Partial<HealthCheck>; random?: () => number; first?: string[] } = {},
) {
  const clock = new FakeClock();
  const table = new StateTable(1000);
  const registry = new Registry(table);
  for (const url of options.first ?? []) registry.add({ url, healthCheckPeriod: 10 });
  const transport = new ScriptedTransport(clock, statuses);
  const checker = new HealthChecker({
    registry,
    table,
    transport,
    clock,
    check: { ...DEFAULT_HEALTH_CHECK, ...options.check },
    // The upper end of the range, so that times in the tests are round.
    random: options.random ?? (() => 1),
  });
  function isHealthy(url: string): boolean {
    return table.isHealthy(registry.get(url).slot);
  }
  function times(url: string): number[] {
    return transport.probes.filter((probe) => probe[1] === url).map(([time]) => time);
  }
  return { clock, registry, checker, statuses, transport, isHealthy, times };
}

Deno.test("HealthChecker checks a server at once when it is added, then every period", async () => {
  const { clock, registry, isHealthy, times } = setUp({ [A]: 200 });
  registry.add({ url: A, healthCheckPeriod: 10 });
  assertEquals(times(A), [0]);
  await clock.advance(35_000);
  assertEquals(times(A), [0, 10_000, 20_000, 30_000]);
  assertEquals(isHealthy(A), true);
});

Deno.test("HealthChecker considers a server healthy until its first check fails", async () => {
  const { clock, registry, isHealthy } = setUp({ [A]: 0 });
  registry.add({ url: A });
  assertEquals(isHealthy(A), true);
  await clock.advance(0);
  assertEquals(isHealthy(A), false);
});

Deno.test("HealthChecker passes 200 to 399, and nothing else", async () => {
  const cases: [number, boolean][] = [
    [200, true],
    [204, true],
    [301, true],
    [399, true],
    [400, false],
    [404, false],
    [500, false],
    [503, false],
    [0, false],
  ];
  for (const [status, healthy] of cases) {
    const { clock, registry, checker, isHealthy } = setUp({ [A]: status });
    registry.add({ url: A });
    await clock.advance(0);
    assertEquals(isHealthy(A), healthy, String(status));
    assertEquals(checker.report(A)!.passed, healthy);
    if (status > 0) assertEquals(checker.report(A)!.detail, `HTTP ${status}`);
  }
});

Deno.test("HealthChecker notices within the period that a server goes down and comes back", async () => {
  const { clock, registry, statuses, isHealthy } = setUp({ [A]: 200 });
  registry.add({ url: A, healthCheckPeriod: 3 });
  await clock.advance(4000);
  statuses[A] = 500;
  await clock.advance(3000);
  assertEquals(isHealthy(A), false);
  statuses[A] = 200;
  await clock.advance(3000);
  assertEquals(isHealthy(A), true);
});

Deno.test("HealthChecker gives up on a hanging server after the timeout, and continues", async () => {
  const { clock, registry, checker, isHealthy, times } = setUp({ [A]: -1 });
  registry.add({ url: A, healthCheckPeriod: 10 });
  await clock.advance(4999);
  assertEquals(isHealthy(A), true);
  await clock.advance(1);
  assertEquals(isHealthy(A), false);
  assertEquals(checker.report(A)!.detail, "No response within 5 s");
  assertEquals(checker.report(A)!.duration, 5000);
  await clock.advance(5000);
  assertEquals(times(A), [0, 10_000]);
});

Deno.test("HealthChecker never waits longer for a response than the period", async () => {
  const { clock, registry, isHealthy } = setUp({ [A]: -1 });
  registry.add({ url: A, healthCheckPeriod: 1 });
  await clock.advance(1000);
  assertEquals(isHealthy(A), false);
});

Deno.test("HealthChecker sends nothing more to a server that was removed", async () => {
  const { clock, registry, times } = setUp({ [A]: 200, [B]: -1 });
  registry.add({ url: A, healthCheckPeriod: 1 });
  registry.add({ url: B, healthCheckPeriod: 10 });
  await clock.advance(500);
  registry.remove(A);
  registry.remove(B);
  await clock.advance(60_000);
  assertEquals([times(A), times(B)], [[0], [0]]);
  // Neither a period nor a timeout is left pending.
  assertEquals(clock.timers, 0);
});

Deno.test("HealthChecker does not apply an aborted check to a new server", async () => {
  const { clock, registry, statuses, isHealthy } = setUp({ [A]: -1 });
  registry.add({ url: A });
  registry.remove(A);
  statuses[A] = 200;
  registry.add({ url: A });
  await clock.advance(9000);
  assertEquals(isHealthy(A), true);
});

Deno.test("HealthChecker applies a changed period at once, counted from the latest check", async () => {
  const { clock, registry, times } = setUp({ [A]: 200 });
  registry.add({ url: A, healthCheckPeriod: 100 });
  await clock.advance(10_000);
  registry.update(A, { healthCheckPeriod: 20 });
  await clock.advance(10_000);
  assertEquals(times(A), [0, 20_000]);
  await clock.advance(10_000);
  // The new period is over already.
  registry.update(A, { healthCheckPeriod: 5 });
  await clock.advance(0);
  assertEquals(times(A), [0, 20_000, 30_000]);
  await clock.advance(5000);
  assertEquals(times(A).at(-1), 35_000);
});

Deno.test("HealthChecker keeps counts and schedule when other fields change", async () => {
  const { clock, registry, isHealthy, times } = setUp({ [A]: 500 }, { check: { fall: 2 } });
  registry.add({ url: A, healthCheckPeriod: 10 });
  await clock.advance(1000);
  registry.update(A, { weight: 5, name: "other" });
  registry.update(A, { healthCheckPeriod: 20 });
  assertEquals(isHealthy(A), true);
  await clock.advance(19_000);
  // The failure from before the changes counts.
  assertEquals([times(A), isHealthy(A)], [[0, 20_000], false]);
});

Deno.test("HealthChecker stops and trusts a server whose period becomes 0, and starts again", async () => {
  const { clock, registry, isHealthy, times } = setUp({ [A]: 500 });
  registry.add({ url: A });
  await clock.advance(1000);
  assertEquals(isHealthy(A), false);
  registry.update(A, { healthCheckPeriod: 0 });
  assertEquals(isHealthy(A), true);
  await clock.advance(60_000);
  assertEquals([times(A), clock.timers], [[0], 0]);
  registry.update(A, { healthCheckPeriod: 10 });
  await clock.advance(0);
  assertEquals([times(A), isHealthy(A)], [[0, 61_000], false]);
});

Deno.test("HealthChecker does not check a server that was added with period 0", async () => {
  const { clock, registry, checker, times } = setUp({ [A]: 500 });
  registry.add({ url: A, healthCheckPeriod: 0 });
  await clock.advance(60_000);
  assertEquals([times(A), checker.report(A)], [[], undefined]);
});

Deno.test("HealthChecker spreads checks over the last fifth of the period", async () => {
  let random = 0;
  const { clock, registry, times } = setUp({ [A]: 200 }, { random: () => random });
  registry.add({ url: A, healthCheckPeriod: 10 });
  await clock.advance(8000);
  assertEquals(times(A), [0, 8000]);
  random = 0.5;
  await clock.advance(8000);
  random = 1;
  await clock.advance(9000);
  assertEquals(times(A), [0, 8000, 16_000, 25_000]);
});

Deno.test("HealthChecker spreads the checks of a thousand servers evenly from the start", async () => {
  const first = Array.from({ length: 1000 }, (_, i) => `http://127.0.0.1:${10_000 + i}`);
  const statuses = Object.fromEntries(first.map((url) => [url, 200]));
  // A fixed sequence that is distributed as evenly as random numbers.
  let step = 0;
  const { clock, transport } = setUp(statuses, { first, random: () => (step += 0.618034) % 1 });
  await clock.advance(9000);
  assertEquals(new Set(transport.probes.map(([, url]) => url)).size, 1000);
  await clock.advance(21_000);
  const perSecond = new Array<number>(31).fill(0);
  for (const [time] of transport.probes) perSecond[Math.floor(time / 1000)]! += 1;
  // A thousand servers at intervals of 9 seconds on average are 111 checks a second.
  for (const count of perSecond.slice(0, 30)) {
    assert(count >= 80 && count <= 145, `checks in each second: ${perSecond}`);
  }
});

Deno.test("HealthChecker checks a few servers that are present at the start at once", async () => {
  const { clock, times } = setUp({ [A]: 200, [B]: 200 }, { first: [A, B] });
  await clock.advance(9999);
  assertEquals([times(A), times(B)], [[0], [0]]);
});

Deno.test("HealthChecker leaves no timers when it is disposed of", async () => {
  const { clock, registry, checker, times } = setUp({ [A]: 200, [B]: -1 });
  registry.add({ url: A });
  registry.add({ url: B });
  await clock.advance(1);
  checker[Symbol.dispose]();
  registry.add({ url: "http://127.0.0.1:3003" });
  await clock.advance(60_000);
  assertEquals([times(A).length, times(B).length, clock.timers], [1, 1, 0]);
});
