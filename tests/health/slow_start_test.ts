import { assertEquals } from "@std/assert";
import { type Entry, Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { SlowStart } from "../../src/health/slow_start.ts";
import { FakeClock } from "../testing/fake_clock.ts";

const A = "http://127.0.0.1:3001";

function setUp(duration: number) {
  const clock = new FakeClock();
  const table = new StateTable(4);
  const registry = new Registry(table);
  const slowStart = new SlowStart({ registry, table, clock, duration });
  const entry: Entry = registry.add({ url: A, weight: 100 });
  return { clock, table, registry, slowStart, entry };
}

Deno.test("SlowStart.begin() gives a server its weight step by step", async () => {
  const { clock, table, slowStart, entry } = setUp(4);
  slowStart.begin(entry);
  const weights = [table.weight(0)];
  for (let second = 0; second < 3; second++) {
    await clock.advance(1000);
    weights.push(table.weight(0));
  }
  assertEquals(weights, [25, 50, 75, 100]);
  assertEquals(clock.timers, 0);
});

Deno.test("SlowStart.begin() applies a weight that changes meanwhile", async () => {
  const { clock, table, registry, slowStart, entry } = setUp(2);
  slowStart.begin(entry);
  registry.update(A, { weight: 10 });
  assertEquals(table.weight(0), 5);
  await clock.advance(1000);
  assertEquals(table.weight(0), 10);
});

Deno.test("SlowStart.begin() starts afresh if the server returns once more", async () => {
  const { clock, table, slowStart, entry } = setUp(10);
  slowStart.begin(entry);
  await clock.advance(7000);
  assertEquals(table.weight(0), 80);
  slowStart.begin(entry);
  assertEquals([table.weight(0), clock.timers], [10, 1]);
  await clock.advance(9000);
  assertEquals([table.weight(0), clock.timers], [100, 0]);
});

Deno.test("SlowStart.begin() does nothing at 0, and is over at once below a step", () => {
  for (const duration of [0, 0.5]) {
    const { clock, table, slowStart, entry } = setUp(duration);
    slowStart.begin(entry);
    assertEquals([table.weight(0), clock.timers], [100, 0]);
  }
});

Deno.test("SlowStart ends with the server, and leaves the next one in its slot alone", async () => {
  const { clock, table, registry, slowStart, entry } = setUp(10);
  slowStart.begin(entry);
  registry.remove(A);
  assertEquals(clock.timers, 0);
  registry.add({ url: "http://127.0.0.1:3002", weight: 7 });
  await clock.advance(2000);
  assertEquals(table.weight(0), 7);
});

Deno.test("SlowStart starts nothing once it is disposed of", async () => {
  const { clock, table, slowStart, entry } = setUp(10);
  slowStart.begin(entry);
  slowStart[Symbol.dispose]();
  assertEquals(clock.timers, 0);
  slowStart.begin(entry);
  await clock.advance(5000);
  assertEquals([table.weight(0), clock.timers], [10, 0]);
});
