import { assertEquals } from "@std/assert";
import { Candidates } from "../../src/core/candidates.ts";
import { StateTable } from "../../src/core/state_table.ts";

function select(candidates: Candidates, tried: number[] = []): number[] {
  const { slots, length } = candidates.select(tried);
  return [...slots.subarray(0, length)];
}

function tableOf(weights: number[]): { table: StateTable; candidates: Candidates } {
  const table = new StateTable(16);
  for (const weight of weights) table.open(table.allocate(weight));
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
