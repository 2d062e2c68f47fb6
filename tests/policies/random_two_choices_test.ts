import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { Picking, seededRandom } from "../testing/picking.ts";

/** A policy with these random numbers. */
function drawing(...numbers: number[]): RandomTwoChoices {
  return new RandomTwoChoices(() => numbers.shift()!);
}

function begin(picking: Picking, slot: number, times: number): void {
  for (let i = 0; i < times; i++) picking.table.begin(slot);
}

Deno.test("RandomTwoChoices.pick() draws by weight, the second one among the others", () => {
  const cases: [number, number, number][] = [
    // The cumulative weights of 1, 2 and 1 are 1/4 and 3/4 of all; without one, 2/3 or 1/2.
    [0.24, 0.66, 1],
    [0.24, 0.67, 2],
    [0.26, 0.49, 0],
    [0.74, 0.51, 2],
    [0.76, 0.33, 0],
    [0.76, 0.34, 1],
  ];
  for (const [first, second, wanted] of cases) {
    const picking = new Picking(() => drawing(first, second)).addAll([1, 2, 1]);
    // With all the load elsewhere, the second one drawn wins.
    const drawnFirst = first < 0.25 ? 0 : first < 0.75 ? 1 : 2;
    begin(picking, drawnFirst, 9);
    assertEquals(picking.pick(), wanted);
  }
});

Deno.test("RandomTwoChoices.pick() draws two different candidates, up to the ends of the range", () => {
  const almostOne = 1 - 2 ** -53;
  for (const first of [0, almostOne]) {
    for (const second of [0, almostOne]) {
      const picking = new Picking(() => drawing(first, second)).addAll([1, 1]);
      const drawnFirst = first === 0 ? 0 : 1;
      begin(picking, drawnFirst, 1);
      assertEquals(picking.pick(), 1 - drawnFirst);
    }
  }
});

Deno.test("RandomTwoChoices.pick() takes the smaller (active + 1) / weight, exactly", () => {
  fc.assert(fc.property(
    fc.tuple(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
    fc.tuple(fc.nat({ max: 60 }), fc.nat({ max: 60 })),
    fc.integer({ min: 0, max: 1000 }),
    (weights, active, seed) => {
      const picking = new Picking(() => new RandomTwoChoices(seededRandom(seed))).addAll(weights);
      begin(picking, 0, active[0]);
      begin(picking, 1, active[1]);
      const [left, right] = active.map((count, i) =>
        count === 0 ? 0n : BigInt(count + 1) * BigInt(weights[1 - i]!)
      );
      // Both of two are always drawn.
      const chosen = picking.pick();
      if (left! < right!) assertEquals(chosen, 0);
      if (left! > right!) assertEquals(chosen, 1);
    },
  ));
});

Deno.test("RandomTwoChoices.pick() prefers an idle server to a heavy one, and the first one drawn of a tie", () => {
  const idle = new Picking(() => drawing(0, 0)).addAll([1000, 1]);
  begin(idle, 0, 1);
  assertEquals(idle.pick(), 1);
  const tie = new Picking(() => drawing(0.9, 0)).addAll([1, 1]);
  begin(tie, 0, 1);
  begin(tie, 1, 1);
  assertEquals(tie.pick(), 1);
});

Deno.test("RandomTwoChoices.pick() balances held requests much better than one random choice", () => {
  const picking = new Picking(() => new RandomTwoChoices(seededRandom(3)))
    .addAll(new Array<number>(100).fill(1));
  for (let i = 0; i < 10_000; i++) picking.table.begin(picking.pick());
  const loads = Array.from({ length: 100 }, (_, slot) => picking.table.active(slot));
  // A single choice would deviate by about 30 from 100.
  assert(Math.max(...loads) <= 106 && Math.min(...loads) >= 90, `${loads}`);
});
