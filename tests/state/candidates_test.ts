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

Deno.test("Candidates.select() prefers the healthy ones", () => {
  const { table, candidates } = tableOf([1, 1, 1]);
  assertEquals(select(candidates), [0, 1, 2]);
  table.setHealthy(1, false);
  assertEquals(select(candidates), [0, 2]);
});

Deno.test("Candidates.select() falls back to the unhealthy ones when none is healthy", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setHealthy(0, false);
  table.setHealthy(1, false);
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() leaves out what was tried, and then tries the unhealthy", () => {
  const { table, candidates } = tableOf([1, 1, 1]);
  table.setHealthy(2, false);
  assertEquals(select(candidates, [0]), [1]);
  assertEquals(select(candidates, [0, 1]), [2]);
  assertEquals(select(candidates, [0, 1, 2]), []);
});

Deno.test("Candidates.select() leaves out weight 0, healthy or not, and removed servers", () => {
  const { table, candidates } = tableOf([0, 1, 1]);
  assertEquals(select(candidates), [1, 2]);
  table.release(2);
  assertEquals(select(candidates), [1]);
  table.setWeight(1, 0);
  assertEquals(select(candidates), []);
  table.setHealthy(0, false);
  assertEquals(select(candidates), []);
});

Deno.test("Candidates.select() sees servers that come later", () => {
  const { table, candidates } = tableOf([]);
  assertEquals(select(candidates), []);
  table.open(table.allocate(1));
  assertEquals(select(candidates), [0]);
});

/** The selected slots, and whether it is worth while to wait. */
function selectOrWait(candidates: Candidates, tried: number[] = []): [number[], boolean] {
  return [select(candidates, tried), candidates.select(tried).full];
}

Deno.test("Candidates.select() leaves out who works on all it may", () => {
  const { table, candidates } = tableOf([1, 1, 1], [1, 2, 0]);
  for (const slot of [0, 1, 2]) table.begin(slot);
  assertEquals(selectOrWait(candidates), [[1, 2], false]);
  table.begin(1);
  assertEquals(selectOrWait(candidates), [[2], false]);
  table.finish(0);
  assertEquals(selectOrWait(candidates), [[0, 2], false]);
});

Deno.test("Candidates.select() says full where all it is for are, and not where none is left", () => {
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

Deno.test("Candidates.select() would rather wait for a trusted one than take another", () => {
  const { table, candidates } = tableOf([1, 1, 1], [1, 0, 0]);
  table.setHealthy(1, false);
  table.setEjectionState(2, "ejected");
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[], true]);
  // One that was tried is not waited for.
  assertEquals(selectOrWait(candidates, [0]), [[1, 2], false]);
});

Deno.test("Candidates.select() minds the limits of unhealthy ones too", () => {
  const { table, candidates } = tableOf([1, 1], [1, 1]);
  table.setHealthy(0, false);
  table.setHealthy(1, false);
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[1], false]);
  table.begin(1);
  assertEquals(selectOrWait(candidates), [[], true]);
});

Deno.test("Candidates.select() takes ejected ones only where nothing else is left", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "ejected");
  assertEquals(select(candidates), [1]);
  assertEquals(select(candidates, [1]), [0]);
  table.setEjectionState(1, "ejected");
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() takes a server being probed for one request at a time", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "probing");
  assertEquals(select(candidates), [0, 1]);
  table.begin(0);
  assertEquals(select(candidates), [1]);
  // As the last resort, for any number: it is no worse than one that is ejected.
  assertEquals(selectOrWait(candidates, [1]), [[0], false]);
  table.finish(0);
  assertEquals(select(candidates), [0, 1]);
});

Deno.test("Candidates.select() leaves out a server being probed that is not healthy", () => {
  const { table, candidates } = tableOf([1, 1]);
  table.setEjectionState(0, "probing");
  table.setHealthy(0, false);
  assertEquals(select(candidates), [1]);
});

Deno.test("Candidates.select() waits for a server being probed that is at its limit", () => {
  const { table, candidates } = tableOf([1], [1]);
  table.setEjectionState(0, "probing");
  assertEquals(selectOrWait(candidates), [[0], false]);
  table.begin(0);
  assertEquals(selectOrWait(candidates), [[], true]);
});

Deno.test("Candidates.select() sees what another thread changes while it looks", () => {
  const memory = allocateMemory(16, 2);
  const other = new StateTable(memory, 1);
  class Interrupted extends StateTable {
    override isOpen(slot: number): boolean {
      // The first slot was looked at already.
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

Deno.test("Candidates.select() gives a list another version when its slots may be others", () => {
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
