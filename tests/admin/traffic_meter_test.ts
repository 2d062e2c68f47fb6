import { assertAlmostEquals, assertEquals } from "@std/assert";
import { quantile, TrafficMeter } from "../../src/admin/traffic_meter.ts";
import { EventLog } from "../../src/state/event_log.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";
import { TrafficTable } from "../../src/state/traffic_table.ts";
import type { Traffic } from "../../src/state/traffic.ts";
import { LATENCY_BOUNDS } from "../../src/state/traffic.ts";

const A = "http://a";
const B = "http://b";

/** Source of a meter, with given counts and time. */
class Source {
  readonly #memory = allocateMemory(16, 1);
  readonly table = new StateTable(this.#memory);
  readonly registry = new Registry(this.table);
  readonly events = new EventLog(() => new Date(0));
  readonly #traffic = new TrafficTable(this.#memory);
  /** Age of the balancer, in seconds. */
  uptime = 0;
  /** Whether requests are counted. */
  counted = true;

  constructor(...urls: string[]) {
    for (const url of urls) this.registry.add({ url });
    this.registry.subscribe(({ type, entry }) =>
      this.events.add({ type, server: entry.server, detail: undefined })
    );
  }

  /** Counts requests answered by this server. */
  count(url: string, count: number, { status = 200, duration = 4 } = {}): void {
    const { slot } = this.registry.get(url);
    for (let i = 0; i < count; i++) {
      this.#traffic.countRequest(slot, { status, duration, bytesSent: 1, bytesReceived: 2 });
    }
  }

  /** Counts a failed attempt at this server. */
  fail(url: string): void {
    this.#traffic.countFailure(this.registry.get(url).slot, "connection");
  }

  /** Counts requests that no server answered. */
  refuse(...codes: ("no_server" | "client_gone" | "bad_request" | "overloaded")[]): void {
    for (const code of codes) this.#traffic.countRefusal(code);
  }

  traffic(): Traffic {
    return {
      servers: this.registry.entries().map(({ server, slot }) => ({
        server,
        ...this.#traffic.snapshot().server(slot),
      })),
      total: this.#traffic.snapshot(this.table.end).total,
      overall: this.#traffic.overall(),
      countsRequests: this.counted,
      uptime: this.uptime,
    };
  }
}

/** Requests per second: in total, and of each server by its URL. */
function rates(meter: TrafficMeter): [window: number, total: number, ...servers: unknown[]] {
  const { window, total, servers } = meter.measure();
  const each = [...servers].map(([url, { requestsPerSecond }]) => [url, requestsPerSecond]);
  return [window, total.requestsPerSecond!, ...each];
}

Deno.test("TrafficMeter measures from the start at the first call", () => {
  const source = new Source(A, B);
  const meter = new TrafficMeter(source);
  source.count(A, 100);
  source.count(B, 20);
  source.uptime = 40;
  assertEquals(rates(meter), [40, 3, [A, 2.5], [B, 0.5]]);
});

Deno.test("TrafficMeter measures about ten seconds at later calls", () => {
  const source = new Source(A);
  const meter = new TrafficMeter(source);
  source.count(A, 1000);
  source.uptime = 100;
  meter.measure();
  for (let second = 101; second <= 130; second++) {
    source.uptime = second;
    source.count(A, 7);
    const window = Math.min(second - 100, 10);
    assertEquals(rates(meter), [window, 7, [A, 7]]);
  }
  source.uptime = 137;
  // Of the readings 8 and 17 seconds ago … the nearest to ten is at 127.
  assertEquals(rates(meter)[0], 10);
  source.uptime = 200;
  assertEquals(rates(meter), [63, 0, [A, 0]]);
});

Deno.test("TrafficMeter never measures less than a second, however often it is called", () => {
  const source = new Source(A);
  const meter = new TrafficMeter(source);
  source.count(A, 50);
  source.uptime = 100;
  assertEquals(rates(meter)[0], 100);
  source.uptime = 100.25;
  assertEquals(rates(meter)[0], 100.25);
  for (let i = 1; i <= 400; i++) {
    source.uptime = 100 + i / 8;
    source.count(A, 1);
    const [window, rate] = rates(meter);
    assertEquals(window >= 1, true, `${window} s`);
    // By then there are readings to choose from.
    if (i > 96) assertEquals([Math.abs(window - 10) <= 0.5, rate], [true, 8], `${window} s`);
  }
});

Deno.test("TrafficMeter has no rate at the very start", () => {
  const source = new Source(A);
  source.count(A, 1);
  assertEquals(rates(new TrafficMeter(source)), [0, 0, [A, 0]]);
});

Deno.test("TrafficMeter counts the requests of a removed server, and none twice", () => {
  const source = new Source(A, B);
  const meter = new TrafficMeter(source);
  source.uptime = 100;
  source.count(A, 500);
  source.count(B, 500);
  meter.measure();
  source.count(A, 30);
  source.count(B, 50);
  source.registry.remove(B);
  source.uptime = 110;
  assertEquals(rates(meter), [10, 8, [A, 3]]);
  assertEquals(meter.measure().total.requests, 1080);
});

Deno.test("TrafficMeter notices that a server was added again, however many requests it has", () => {
  for (const count of [10, 5000]) {
    const source = new Source(A);
    const meter = new TrafficMeter(source);
    source.uptime = 100;
    source.count(A, 1000);
    meter.measure();
    source.registry.remove(A);
    source.registry.add({ url: A });
    source.count(A, count);
    source.uptime = 110;
    assertEquals(rates(meter), [10, count / 10, [A, count / 10]]);
  }
});

Deno.test("TrafficMeter notices reset counts even if the event log does not reach back", () => {
  const source = new Source(A);
  const meter = new TrafficMeter(source);
  source.uptime = 100;
  source.count(A, 1000);
  meter.measure();
  source.registry.remove(A);
  source.registry.add({ url: A });
  source.count(A, 20);
  for (let i = 0; i < 1001; i++) source.registry.update(A, { weight: i });
  source.uptime = 110;
  assertEquals(rates(meter), [10, 2, [A, 2]]);
});

Deno.test("TrafficMeter keeps the counts of a changed server", () => {
  const source = new Source(A);
  const meter = new TrafficMeter(source);
  source.uptime = 100;
  source.count(A, 1000);
  meter.measure();
  source.registry.update(A, { weight: 5, name: "other" });
  source.count(A, 20);
  source.uptime = 110;
  assertEquals(rates(meter), [10, 2, [A, 2]]);
});

Deno.test("TrafficMeter tells server errors from client errors", () => {
  const source = new Source(A, B);
  const meter = new TrafficMeter(source);
  source.count(A, 2, { status: 500 });
  source.count(A, 3, { status: 404 });
  source.fail(B);
  // Client errors do not count, and attempts that were retried successfully only count for the server.
  source.refuse("no_server", "overloaded", "client_gone", "bad_request");
  source.uptime = 10;
  const { total, refused, servers } = meter.measure();
  assertEquals([total.requests, total.errorsPerSecond, refused], [9, 0.4, 4]);
  assertEquals([...servers.values()].map(({ errorsPerSecond }) => errorsPerSecond), [0.2, 0.1]);
});

Deno.test("TrafficMeter measures durations in the window, not before it", () => {
  const source = new Source(A, B);
  const meter = new TrafficMeter(source);
  source.count(A, 1000, { duration: 900 });
  source.uptime = 100;
  assertEquals(meter.measure().total.p50, 750);
  source.uptime = 110;
  assertEquals(meter.measure().total.p50, undefined);
  source.count(A, 100);
  source.uptime = 120;
  const { total, servers } = meter.measure();
  assertEquals([total.p50, total.p99!.toFixed(3), servers.get(A)!.p50], [3.75, "4.975", 3.75]);
  assertEquals([servers.get(B)!.p50, servers.get(B)!.p99], [undefined, undefined]);
});

Deno.test("TrafficMeter has no rates if requests are not counted", () => {
  const source = new Source(A);
  source.counted = false;
  source.uptime = 10;
  const { total, servers } = new TrafficMeter(source).measure();
  const nothing = {
    requests: 0,
    requestsPerSecond: undefined,
    errorsPerSecond: undefined,
    p50: undefined,
    p99: undefined,
  };
  assertEquals([total, servers.get(A)], [nothing, nothing]);
});

/** Counts of all buckets; some are given by their upper bound in seconds. */
function buckets(counts: Record<string, number>): number[] {
  return [...LATENCY_BOUNDS, Infinity].map((bound) => counts[bound] ?? 0);
}

Deno.test("quantile() is undefined without requests", () => {
  assertEquals(quantile(buckets({}), 0.5), undefined);
  assertEquals(quantile([], 0.99), undefined);
});

Deno.test("quantile() spreads the requests of a bucket evenly", () => {
  const one = buckets({ 0.005: 100 });
  assertAlmostEquals(quantile(one, 0.5)!, 3.75);
  assertAlmostEquals(quantile(one, 0.99)!, 4.975);
  assertAlmostEquals(quantile(one, 1)!, 5);
  assertAlmostEquals(quantile(buckets({ 0.001: 10 }), 0.5)!, 0.5);
});

Deno.test("quantile() skips empty buckets", () => {
  const counts = buckets({ 0.001: 50, 0.1: 40, 1: 10 });
  assertAlmostEquals(quantile(counts, 0.5)!, 1);
  assertAlmostEquals(quantile(counts, 0.7)!, 75);
  assertAlmostEquals(quantile(counts, 0.99)!, 950);
  assertAlmostEquals(quantile(buckets({ 10: 3 }), 0)!, 5000);
});

Deno.test("quantile() is at most the largest bound", () => {
  assertEquals(quantile(buckets({ Infinity: 1 }), 0.5), 60_000);
  assertEquals(quantile(buckets({ 0.001: 1, Infinity: 99 }), 0.99), 60_000);
});
