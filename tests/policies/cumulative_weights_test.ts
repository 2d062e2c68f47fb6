import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { CumulativeWeights } from "../../src/policies/cumulative_weights.ts";

const ALMOST_ONE = 1 - 2 ** -53;

function fleet(weights: readonly number[]): { table: StateTable; candidates: Candidates } {
  const table = new StateTable(weights.length);
  for (const weight of weights) table.open(table.allocate(weight));
  return { table, candidates: new Candidates(table) };
}

/** Walks along the line, as an oracle. */
function walk(weights: readonly number[], part: number, without = -1): number {
  const rest = weights.map((weight, i) => i === without ? 0 : weight);
  let place = part * rest.reduce((sum, weight) => sum + weight, 0);
  return rest.findIndex((weight) => (place -= weight) < 0);
}

const weight = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
/** Numbers that leave no room for rounding, and the ends of chance. */
const part = fc.oneof(
  fc.nat({ max: 1023 }).map((number) => number / 1024),
  fc.constantFrom(0, ALMOST_ONE),
);

Deno.test("CumulativeWeights.at() and atWithout() find whose part of the line a place is in", () => {
  fc.assert(fc.property(
    fc.array(weight, { minLength: 2, maxLength: 40 }),
    fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 20 }),
    (weights, parts) => {
      const { table, candidates } = fleet(weights);
      const line = new CumulativeWeights();
      line.update(candidates.select([]), table);
      for (const [one, other] of parts) {
        const first = line.at(one);
        assertEquals(first, walk(weights, one));
        assertEquals(line.atWithout(other, first), walk(weights, other, first));
      }
    },
  ));
});

Deno.test("CumulativeWeights.atWithout() finds another one, whatever is lost in rounding", () => {
  const share = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(fc.property(
    fc.array(fc.tuple(weight, share), { minLength: 2, maxLength: 9 }),
    fc.tuple(part, part),
    (servers, [one, other]) => {
      const { table, candidates } = fleet(servers.map(([weight]) => weight));
      for (const [slot, [, share]] of servers.entries()) table.setShare(slot, share);
      const line = new CumulativeWeights();
      line.update(candidates.select([]), table);
      const first = line.at(one);
      const second = line.atWithout(other, first);
      assert(first !== second && second >= 0 && second < servers.length, `${first}, ${second}`);
    },
  ));
});

Deno.test("CumulativeWeights.update() draws anew what has changed", () => {
  const { table, candidates } = fleet([1, 1, 2]);
  const line = new CumulativeWeights();
  function at(part: number, tried: number[] = []): number {
    const selected = candidates.select(tried);
    line.update(selected, table);
    return selected.slots[line.at(part)]!;
  }
  assertEquals([at(0.3), at(0.6)], [1, 2]);
  table.setWeight(0, 5);
  assertEquals([at(0.3), at(0.7)], [0, 1]);
  // The lists of these two requests are in the same place, one after the other.
  assertEquals([at(0.3, [0]), at(0.3, [2]), at(0.9, [1, 2])], [1, 0, 0]);
  table.setHealthy(0, false);
  assertEquals(at(0.3), 1);
  // Another thread is faster than the pick: what was selected is not what will be.
  const selected = candidates.select([]);
  table.setHealthy(0, true);
  line.update(selected, table);
  assertEquals(at(0.99), 2);
});

Deno.test("CumulativeWeights.update() goes by the list, its version and the weights", () => {
  const { table } = fleet([1, 1, 2, 9]);
  const line = new CumulativeWeights();
  const list = { slots: Int32Array.of(0, 1, 2), length: 3, version: 1 };
  line.update(list, table);
  assertEquals(line.at(0.3), 1);
  table.setWeight(0, 5);
  line.update(list, table);
  assertEquals(line.at(0.3), 0);
  line.update({ slots: Int32Array.of(1, 3), length: 2, version: 1 }, table);
  assertEquals(line.at(0.3), 1);
});
