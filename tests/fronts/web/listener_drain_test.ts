import { assertEquals } from "@std/assert";
import { ListenerDrain } from "../../../src/fronts/web/listener_drain.ts";
import { FakeClock, settle } from "../../testing/fake_clock.ts";

/** A wait that has begun, and whether it is over. */
function begin(drain: ListenerDrain, finished = new Promise<void>(() => {}), limit?: number) {
  const wait = { isOver: false };
  drain.quiet(finished, limit).then(() => void (wait.isOver = true));
  return wait;
}

Deno.test("ListenerDrain.quiet() waits until no request has come for 0.1 s", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  drain.requests = 7;
  assertEquals(drain.draining, false);
  const wait = begin(drain);
  assertEquals(drain.draining, true);
  for (let step = 0; step < 3; step++) {
    drain.requests++;
    await clock.advance(100);
    assertEquals(wait.isOver, false);
  }
  await clock.advance(99);
  assertEquals(wait.isOver, false);
  await clock.advance(1);
  assertEquals([wait.isOver, clock.timers], [true, 0]);
});

Deno.test("ListenerDrain.quiet() waits for 1 s at most", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  const wait = begin(drain);
  for (let step = 0; step < 10; step++) {
    assertEquals(wait.isOver, false);
    drain.requests++;
    await clock.advance(100);
  }
  assertEquals([wait.isOver, clock.timers], [true, 0]);
});

Deno.test("ListenerDrain.quiet() ends with the listener, and does not wait a second time", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const wait = begin(drain, finished);
  resolve();
  await settle();
  assertEquals([wait.isOver, clock.timers], [true, 0]);
  const again = begin(drain);
  await settle();
  assertEquals([again.isOver, clock.timers], [true, 0]);
});

Deno.test("ListenerDrain.quiet() waits for content that is being received, as long as it takes", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  drain.begin();
  const { promise: received, reject } = Promise.withResolvers<void>();
  drain.trackUpload(received);
  const wait = begin(drain);
  for (let step = 0; step < 100; step++) await clock.advance(100);
  assertEquals(wait.isOver, false);
  reject(new Error("The client broke off"));
  await clock.advance(100);
  assertEquals([wait.isOver, clock.timers], [true, 0]);
});

Deno.test("ListenerDrain.quiet() waits for content that begins to come meanwhile for 5 s", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  const wait = begin(drain);
  drain.trackUpload(new Promise(() => {}));
  for (let step = 0; step < 50; step++) {
    assertEquals(wait.isOver, false);
    await clock.advance(100);
  }
  assertEquals([wait.isOver, clock.timers], [true, 0]);
});

Deno.test("ListenerDrain.quiet() waits for content until its limit, also where it has begun before", async () => {
  const clock = new FakeClock();
  const drain = new ListenerDrain(clock);
  drain.trackUpload(new Promise(() => {}));
  drain.begin();
  const wait = begin(drain, undefined, 500);
  for (let step = 0; step < 5; step++) {
    assertEquals(wait.isOver, false);
    await clock.advance(100);
  }
  assertEquals([wait.isOver, clock.timers], [true, 0]);
});
