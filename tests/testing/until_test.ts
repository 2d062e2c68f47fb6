import { assertEquals, assertRejects } from "@std/assert";
import { until, WaitTimeout, within } from "./until.ts";

Deno.test("until() waits until something is so, and fails where it does not come", async () => {
  let looks = 0;
  await until("the third look", () => ++looks === 3);
  assertEquals(looks, 3);
  const vain = () => until(() => `look ${looks}`, () => false, 1);
  await assertRejects(vain, WaitTimeout, "Waited 0.001 s for look 3");
});

Deno.test("within() waits for a promise, and fails where it does not settle", async () => {
  assertEquals(await within("a value", Promise.resolve(1)), 1);
  await assertRejects(() => within("an error", Promise.reject(new TypeError("no"))), TypeError);
  const vain = () => within("nothing", new Promise(() => {}), 1);
  await assertRejects(vain, WaitTimeout, "Waited 0.001 s for nothing");
});
