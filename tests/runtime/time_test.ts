import { assertEquals, assertRejects } from "@std/assert";
import { backoff, pause, TimeLimit, withTimeout } from "../../src/runtime/time.ts";
import { FakeClock, settle } from "../testing/fake_clock.ts";

/** Rejects with the signal's reason once it is aborted. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.throwIfAborted();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return await promise;
}

Deno.test("pause() keeps the process alive for as long as it lasts, as a program may wait for it", async () => {
  const clock = new FakeClock();
  const paused = pause(clock, 1000);
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

Deno.test("backoff() doubles up to a second, with jitter of half of it", () => {
  assertEquals([1, 2, 3, 4, 5, 50].map((failures) => backoff(failures, 0)), [
    ...[50, 100, 200, 400, 500, 500],
  ]);
  assertEquals([backoff(1, 0.5), backoff(9, 0.5)], [75, 750]);
});

Deno.test("withTimeout() returns the result, and leaves no timer", async () => {
  const clock = new FakeClock();
  assertEquals(await withTimeout({ clock, milliseconds: 10 }, () => Promise.resolve(3)), 3);
  assertEquals(clock.timers, 0);
});

Deno.test("withTimeout() throws the given error once the limit is exceeded", async () => {
  const clock = new FakeClock();
  const options = { clock, milliseconds: 10, error: () => new Error("too late") };
  const work = assertRejects(() => withTimeout(options, untilAborted), Error, "too late");
  await clock.advance(10);
  await work;
});

Deno.test("withTimeout() throws the reason of the caller's signal", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const options = { clock, milliseconds: 10, signal: abort.signal, error: () => new Error("late") };
  const work = assertRejects(() => withTimeout(options, untilAborted), Error, "no longer wanted");
  abort.abort(new Error("no longer wanted"));
  await work;
  assertEquals(clock.timers, 0);
});

Deno.test("TimeLimit.start() begins anew, and stop() takes the limit away", async () => {
  const clock = new FakeClock();
  const limit = new TimeLimit(clock);
  limit.start(10);
  await clock.advance(9);
  limit.start(10);
  await clock.advance(9);
  limit.stop();
  await clock.advance(100);
  assertEquals([limit.signal.aborted, limit.exceeded], [false, undefined]);
  limit.start(10);
  await clock.advance(10);
  assertEquals([limit.signal.reason.name, limit.exceeded], ["TimeoutError", 10]);
});
