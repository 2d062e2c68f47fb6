import { assertEquals, assertRejects } from "@std/assert";
import { Deadlines } from "../../src/core/deadlines.ts";
import { BalancerError } from "../../src/core/errors.ts";
import { receive } from "../../src/proxy/reception.ts";
import { FakeClock } from "../testing/fake_clock.ts";

Deno.test("receive() gives what comes in time, and leaves no timer", async () => {
  const clock = new FakeClock();
  const queue = new Deadlines(clock).queue(1000);
  const { promise, resolve } = Promise.withResolvers<string>();
  const received = receive(promise, queue);
  await clock.advance(900);
  resolve("content");
  assertEquals(await received, "content");
  await clock.advance(200);
  assertEquals(clock.timers, 0);
});

Deno.test("receive() fails as the content does", async () => {
  const queue = new Deadlines(new FakeClock()).queue(1000);
  await assertRejects(() => receive(Promise.reject(new TypeError("test")), queue), TypeError);
});

Deno.test("receive() gives up after its time, and does not mind what comes later", async () => {
  const clock = new FakeClock();
  const queue = new Deadlines(clock).queue(1000);
  const { promise, reject } = Promise.withResolvers<string>();
  const failed = assertRejects(() => receive(promise, queue), BalancerError);
  await clock.advance(1200);
  const { code, source } = await failed;
  assertEquals([code, source], ["request_timeout", "downstream"]);
  reject(new Error("broke off"));
});
