import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { CumulativeWeights } from "../../src/policies/cumulative_weights.ts";

const ALMOST_ONE = 1 - 2 ** -53;

function makeServers(weights: readonly number[]): { table: StateTable; candidates: Candidates } {
  const table = new StateTable(weights.length);
  for (const weight of weights) table.open(table.allocate(weight));
  return { table, candidates: new Candidates(table) };
}

/** Oracle: a linear search. */
function walk(weights: readonly number[], part: number, without = -1): number {
  const rest = weights.map((weight, i) => i === without ? 0 : weight);
  let place = part * rest.reduce((sum, weight) => sum + weight, 0);
  return rest.findIndex((weight) => (place -= weight) < 0);
}

const weight = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 2 ** 32 - 1 }));
/** Shares that are exact, and the ends of the range. */
const part = fc.oneof(
  fc.nat({ max: 1023 }).map((number) => number / 1024),
  fc.constantFrom(0, ALMOST_ONE),
);

Deno.test("CumulativeWeights.at() and atWithout() find the candidate at a share of the total weight", () => {
  fc.assert(fc.property(
    fc.array(weight, { minLength: 2, maxLength: 40 }),
    fc.array(fc.tuple(part, part), { minLength: 1, maxLength: 20 }),
    (weights, parts) => {
      const { table, candidates } = makeServers(weights);
      const cumulative = new CumulativeWeights();
      cumulative.update(candidates.select([]), table);
      for (const [one, other] of parts) {
        const first = cumulative.at(one);
        assertEquals(first, walk(weights, one));
        assertEquals(cumulative.atWithout(other, first), walk(weights, other, first));
      }
    },
  ));
});

Deno.test("CumulativeWeights.atWithout() finds another candidate in spite of rounding", () => {
  const share = fc.double({ min: 0.001, max: 1, noNaN: true });
  fc.assert(fc.property(
    fc.array(fc.tuple(weight, share), { minLength: 2, maxLength: 9 }),
    fc.tuple(part, part),
    (servers, [one, other]) => {
      const { table, candidates } = makeServers(servers.map(([weight]) => weight));
      for (const [slot, [, share]] of servers.entries()) table.setShare(slot, share);
      const cumulative = new CumulativeWeights();
      cumulative.update(candidates.select([]), table);
      const first = cumulative.at(one);
      const second = cumulative.atWithout(other, first);
      assert(first !== second && second >= 0 && second < servers.length, `${first}, ${second}`);
    },
  ));
});

Deno.test("CumulativeWeights.update() notices changes", () => {
  const { table, candidates } = makeServers([1, 1, 2]);
  const cumulative = new CumulativeWeights();
  function at(part: number, tried: number[] = []): number {
    const selected = candidates.select(tried);
    cumulative.update(selected, table);
    return selected.slots[cumulative.at(part)]!;
  }
  assertEquals([at(0.3), at(0.6)], [1, 2]);
  table.setWeight(0, 5);
  assertEquals([at(0.3), at(0.7)], [0, 1]);
  // The candidates of these requests are in the same array.
  assertEquals([at(0.3, [0]), at(0.3, [2]), at(0.9, [1, 2])], [1, 0, 0]);
  table.setHealthy(0, false);
  assertEquals(at(0.3), 1);
  // A concurrent change after the selection.
  const selected = candidates.select([]);
  table.setHealthy(0, true);
  cumulative.update(selected, table);
  assertEquals(at(0.99), 2);
});

Deno.test("CumulativeWeights.update() depends on the list, its version and the weights", () => {
  const { table } = makeServers([1, 1, 2, 9]);
  const cumulative = new CumulativeWeights();
  const list = { slots: Int32Array.of(0, 1, 2), length: 3, version: 1 };
  cumulative.update(list, table);
  assertEquals(cumulative.at(0.3), 1);
  table.setWeight(0, 5);
  cumulative.update(list, table);
  assertEquals(cumulative.at(0.3), 0);
  cumulative.update({ slots: Int32Array.of(1, 3), length: 2, version: 1 }, table);
  assertEquals(cumulative.at(0.3), 1);
});
