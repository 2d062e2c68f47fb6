import { assertEquals, assertRejects } from "@std/assert";
import { mapConcurrent } from "../../src/discovery/dns_lookup.ts";

Deno.test("mapConcurrent() acts on a few at a time, and keeps the order", async () => {
  let running = 0;
  let most = 0;
  const results = await mapConcurrent([5, 1, 4, 2, 3, 0], 2, async (turns, index) => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    running--;
    return `${index}:${turns}`;
  });
  assertEquals(results, ["0:5", "1:1", "2:4", "3:2", "4:3", "5:0"]);
  assertEquals(most, 2);
  assertEquals(await mapConcurrent([], 2, () => Promise.reject(new Error("never"))), []);
});

Deno.test("mapConcurrent() rejects where one does", async () => {
  await assertRejects(
    () => mapConcurrent([1], 2, () => Promise.reject(new Error("no"))),
    Error,
    "no",
  );
});
