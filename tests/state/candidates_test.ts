import { assertEquals, assertNotEquals } from "@std/assert";
import { Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { allocateMemory } from "../../src/state/table_memory.ts";

function select(candidates: Candidates, tried: number[] = []): number[] {
  const { slots, length } = candidates.select(tried);
  return [...slots.subarray(0, length)];
}

function tableOf(
  weights: number[],
  limits: number[] = [],
): { table: StateTable; candidates: Candidates } {
  const table = new StateTable(16);
  for (const [i, weight] of weights.entries()) table.open(table.allocate(weight, limits[i]));
  return { table, candidates: new Candidates(table) };
}

Deno.test("Candidates.select() prefers healthy servers", () => {
  const { table, candidates } = tableOf([1, 1, 1]);
  assertEquals(select(candidates), [0, 1, 2]);
  table.setHealthy(1, false);
  assertEquals(select(candidates), [0, 2]);
});

Deno.test("Candidates.select() falls back to unhealthy servers if none is healthy", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setHealthy(0, false);
  table.setHealthy(1, false);
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() excludes tried servers, then falls back to unhealthy ones", () => {
  const { table, candidates } = tableOf([1, 1, 1]);
  table.setHealthy(2, false);
  assertEquals(select(candidates, [0]), [1]);
  assertEquals(select(candidates, [0, 1]), [2]);
  assertEquals(select(candidates, [0, 1, 2]), []);
});

Deno.test("Candidates.select() excludes weight 0, healthy or not, and removed servers", () => {
  const { table, candidates } = tableOf([0, 1, 1]);
  assertEquals(select(candidates), [1, 2]);
  table.release(2);
  assertEquals(select(candidates), [1]);
  table.setWeight(1, 0);
  assertEquals(select(candidates), []);
  table.setHealthy(0, false);
  assertEquals(select(candidates), []);
});

Deno.test("Candidates.select() includes servers that are added later", () => {
  const { table, candidates } = tableOf([]);
  assertEquals(select(candidates), []);
  table.open(table.allocate(1));
  assertEquals(select(candidates), [0]);
});

/** The selected slots, and whether the request should wait. */
function selectOrWait(candidates: Candidates, tried: number[] = []): [number[], boolean] {
  return [select(candidates, tried), candidates.select(tried).full];
}

Deno.test("Candidates.select() excludes servers at their limits", () => {
  const { table, candidates } = tableOf([1, 1, 1], [1, 2, 0]);
  for (const slot of [0, 1, 2]) table.begin(slot);
  assertEquals(selectOrWait(candidates), [[1, 2], false]);
  table.begin(1);
  assertEquals(selectOrWait(candidates), [[2], false]);
  table.finish(0);
  assertEquals(selectOrWait(candidates), [[0, 2], false]);
});

Deno.test("Candidates.select() returns full only if a candidate is at its limit", () => {
  const { table, candidates } = tableOf([1, 1], [1, 1]);
  table.begin(0);
  table.begin(1);
  assertEquals(selectOrWait(candidates), [[], true]);
  assertEquals(selectOrWait(candidates, [0]), [[], true]);
  assertEquals(selectOrWait(candidates, [0, 1]), [[], false]);
  table.setLimit(1, 2);
  assertEquals(selectOrWait(candidates), [[1], false]);
  table.setLimit(1, 1);
  table.release(0);
  table.release(1);
  assertEquals(selectOrWait(candidates), [[], false]);
});

Deno.test("Candidates.select() waits for a trusted server rather than take another", () => {
  const { table, candidates } = tableOf([1, 1, 1], [1, 0, 0]);
  table.setHealthy(1, false);
  table.setEjectionState(2, "ejected");
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[], true]);
  // Not for one that was tried.
  assertEquals(selectOrWait(candidates, [0]), [[1, 2], false]);
});

Deno.test("Candidates.select() applies the limits of unhealthy servers too", () => {
  const { table, candidates } = tableOf([1, 1], [1, 1]);
  table.setHealthy(0, false);
  table.setHealthy(1, false);
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[1], false]);
  table.begin(1);
  assertEquals(selectOrWait(candidates), [[], true]);
});

Deno.test("Candidates.select() takes ejected servers only if no other is left", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "ejected");
  assertEquals(select(candidates), [1]);
  assertEquals(select(candidates, [1]), [0]);
  table.setEjectionState(1, "ejected");
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() takes a server that is being probed for one request at a time", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "probing");
  assertEquals(select(candidates), [0, 1]);
  table.begin(0);
  assertEquals(select(candidates), [1]);
  // As a last resort for any number, like an ejected server.
  assertEquals(selectOrWait(candidates, [1]), [[0], false]);
  table.finish(0);
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() excludes an unhealthy server that is being probed", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "probing");
  table.setHealthy(0, false);
  assertEquals(select(candidates), [1]);
});

Deno.test("Candidates.select() waits for a server at its limit that is being probed", () => {
  const { table, candidates } = tableOf([1], [1]);
  table.setEjectionState(0, "probing");
  assertEquals(selectOrWait(candidates), [[0], false]);
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[], true]);
});

Deno.test("Candidates.select() notices concurrent changes", () => {
  const memory = allocateMemory(16, 2);
  const other = new StateTable(memory, 1);
  class Interrupted extends StateTable {
    override isOpen(slot: number): boolean {
      // After the first slot was checked.
      if (slot === 1) other.setHealthy(0, false);
      return super.isOpen(slot);
    }
  }
  const table = new Interrupted(memory, 0);
  for (let i = 0; i < 3; i++) table.open(table.allocate(1));
  const candidates = new Candidates(table);
  select(candidates);
  assertEquals(select(candidates), [1, 2]);
});

Deno.test("Candidates.select() changes the version of a list when its slots may change", () => {
  const { table, candidates } = tableOf([1, 1]);
  const { version } = candidates.select([]);
  table.begin(0);
  assertEquals(candidates.select([]).version, version);
  assertEquals(candidates.select([1]).version, undefined, "a list for one pick has none");
  table.setHealthy(0, false);
  assertNotEquals(candidates.select([]).version, version);
  table.setLimit(1, 1);
  assertEquals(candidates.select([]).version, undefined);
});
