import { assertEquals } from "@std/assert";
import { Deadlines } from "../../src/core/deadlines.ts";
import { FakeClock } from "../testing/fake_clock.ts";

Deno.test("Deadlines.start() calls back once, late by at most a tick and never early", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: number[] = [];
  deadlines.start(250, () => fired.push(clock.now()));
  await clock.advance(249);
  assertEquals(fired, []);
  await clock.advance(1000);
  assertEquals(fired, [300]);
});

Deno.test("Deadlines.cancel() calls a deadline off", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  let fired = 0;
  const one = deadlines.start(100, () => fired += 1);
  deadlines.start(100, () => fired += 10);
  deadlines.cancel(one);
  await clock.advance(1000);
  assertEquals(fired, 10);
});

Deno.test("Deadlines stops its timer when nothing is left", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  deadlines.cancel(deadlines.start(100, () => {}));
  await clock.advance(200);
  assertEquals(clock.timers, 0);
  deadlines.start(1000, () => {});
  deadlines.clear();
  assertEquals(clock.timers, 0);
});
