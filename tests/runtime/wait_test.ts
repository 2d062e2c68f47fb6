import { assertEquals } from "@std/assert";
import { pause } from "../../src/runtime/wait.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";

Deno.test("pause() keeps the process alive for as long as it lasts, as a program may wait for it", async () => {
  const clock = new FakeClock();
  const never = new AbortController().signal;
  const paused = pause(clock, 1000, never);
  assertEquals([clock.holds, clock.timers], [1, 1]);
  await clock.advance(1000);
  await paused;
  assertEquals([clock.holds, clock.timers], [0, 0]);
});

Deno.test("pause() ends early with its signal, and does not begin after it", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const paused = pause(clock, 1000, abort.signal);
  abort.abort();
  await paused;
  await pause(clock, 1000, abort.signal);
  await settle();
  assertEquals([clock.holds, clock.timers], [0, 0]);
});
