import { assertEquals } from "@std/assert";
import { reclaimCounts } from "../../src/state/cross_thread_queue.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";

/** A table with one open server. */
function tableOfOne(weight = 1, limit = 0): StateTable {
  const table = new StateTable(4);
  table.open(table.allocate(weight, limit));
  return table;
}

/** How often the generation changes during an action. */
function changes(table: StateTable, action: () => void): number {
  const before = table.generation;
  action();
  return table.generation - before;
}

Deno.test("StateTable.begin() counts up to the limit, and nothing beyond", () => {
  const table = tableOfOne(1, 2);
  assertEquals([table.begin(0), table.begin(0), table.begin(0)], [true, true, false]);
  assertEquals([table.active(0), table.picked(0)], [2, 2]);
  table.finish(0);
  assertEquals([table.begin(0), table.begin(0), table.active(0)], [true, false, 2]);
});

Deno.test("StateTable.begin() has no limit at 0", () => {
  const table = tableOfOne();
  for (let i = 0; i < 1000; i++) assertEquals(table.begin(0), true);
  assertEquals(table.active(0), 1000);
});

Deno.test("StateTable.begin() counts the requests of every thread toward the limit", () => {
  const memory = allocateMemory(4, 2);
  const [first, second] = [new StateTable(memory, 0), new StateTable(memory, 1)];
  first.open(first.allocate(1, 2));
  assertEquals([first.begin(0), second.begin(0), first.begin(0)], [true, true, false]);
  // The refused request must not be reclaimed with the thread's counts.
  reclaimCounts(first, 1);
  assertEquals([first.active(0), second.begin(0), second.begin(0)], [1, true, false]);
});

Deno.test("StateTable.setLimit() applies to new requests, and lets active ones finish", () => {
  const table = tableOfOne();
  for (let i = 0; i < 3; i++) table.begin(0);
  assertEquals(changes(table, () => table.setLimit(0, 2)), 1);
  assertEquals([table.limit(0), table.begin(0), table.active(0)], [2, false, 3]);
  table.finish(0);
  assertEquals(table.begin(0), false);
  table.finish(0);
  assertEquals(table.begin(0), true);
  assertEquals(changes(table, () => table.setLimit(0, 2)), 0);
});

Deno.test("StateTable.setShare() reduces the weight, but never to 0", () => {
  const table = tableOfOne(8);
  assertEquals(changes(table, () => table.setShare(0, 0.25)), 1);
  assertEquals(table.weight(0), 2);
  table.setShare(0, 0.000_001);
  assertEquals(table.weight(0), 0.008);
  table.setWeight(0, 4);
  assertEquals(table.weight(0), 0.004);
  table.setShare(0, 1);
  assertEquals(table.weight(0), 4);
  assertEquals(changes(table, () => table.setShare(0, 1)), 0);
});

Deno.test("StateTable.setShare() leaves a weight of 0", () => {
  const table = tableOfOne(0);
  table.setShare(0, 0.5);
  assertEquals(table.weight(0), 0);
});

Deno.test("StateTable.setEjectionState() determines trust together with the health", () => {
  const table = tableOfOne();
  const seen = (["ejected", "probing", "active"] as const).map((ejectionState) => {
    assertEquals(changes(table, () => table.setEjectionState(0, ejectionState)), 1);
    return [table.ejectionState(0), table.isTrusted(0), table.isProbing(0)];
  });
  assertEquals(seen, [["ejected", false, false], ["probing", true, true], ["active", true, false]]);
  assertEquals(changes(table, () => table.setEjectionState(0, "active")), 0);
  table.setHealthy(0, false);
  table.setEjectionState(0, "probing");
  assertEquals(table.isTrusted(0), false);
});

Deno.test("StateTable.countFailure() counts each kind of failure in a row, over all threads", () => {
  const memory = allocateMemory(4, 2);
  const [first, second] = [new StateTable(memory, 0), new StateTable(memory, 1)];
  first.open(first.allocate(1));
  assertEquals([first, second].map((table) => table.countFailure(0, "connection")), [1, 2]);
  assertEquals(first.countFailure(0, "response"), 1);
  second.clearFailures(0, "connection");
  assertEquals(first.countFailure(0, "connection"), 1);
  assertEquals(first.countFailure(0, "response"), 2);
});

Deno.test("StateTable.allocate() resets a slot that was used before", () => {
  const table = tableOfOne(8, 1);
  table.begin(0);
  table.setShare(0, 0.5);
  table.setEjectionState(0, "ejected");
  table.setHealthy(0, false);
  table.countFailure(0, "connection");
  table.countFailure(0, "response");
  table.release(0);
  // Not with active requests, whose end would count for the new server.
  assertEquals(table.allocate(1), 1);
  table.finish(0);
  assertEquals(table.allocate(6), 0);
  assertEquals([table.weight(0), table.limit(0), table.picked(0)], [6, 0, 0]);
  assertEquals([table.isTrusted(0), table.ejectionState(0), table.isOpen(0)], [
    true,
    "active",
    false,
  ]);
  assertEquals(table.countFailure(0, "connection"), 1);
  assertEquals(table.countFailure(0, "response"), 1);
});

Deno.test("StateTable.activity changes in the block of the request", () => {
  const memory = allocateMemory(300, 2);
  const [first, second] = [new StateTable(memory, 0), new StateTable(memory, 1)];
  for (let i = 0; i < 255; i++) first.allocate(1, i === 70 ? 1 : 0);
  first.begin(0);
  assertEquals(first.activity, undefined, "a look at few servers is faster");
  first.allocate(1);
  /** Blocks whose activity changes during an action. */
  function told(action: () => void): number[] {
    const before = [...first.activity!];
    action();
    return [...first.activity!.keys()].filter((block) => first.activity![block] !== before[block]);
  }
  assertEquals(told(() => second.begin(70)), [1]);
  assertEquals(told(() => first.begin(70)), [1], "others may have seen what was taken back");
  assertEquals(told(() => second.finish(70)), [1]);
  assertEquals(told(() => first.finish(0)), [0]);
  assertEquals(told(() => first.begin(255)), [3]);
  // The thread may have died before it counted the activity.
  assertEquals(told(() => reclaimCounts(first, 1)), [0, 1, 2, 3]);
});

Deno.test("StateTable.begin() counts the same with and without other threads", () => {
  const table = new StateTable(300);
  for (let i = 0; i < 300; i++) table.allocate(1, 1);
  const before = table.activity!.slice();
  assertEquals([table.begin(299), table.begin(299), table.active(299)], [true, false, 1]);
  table.finish(299);
  assertEquals([table.active(299), table.picked(299)], [0, 1]);
  assertEquals(table.activity![4]! - before[4]!, 2);
});
