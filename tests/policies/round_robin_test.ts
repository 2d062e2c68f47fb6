import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { UINT32_MAX } from "../../src/model/server.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";
import { Picking, urlOf } from "../testing/picking.ts";

function picking(...weights: number[]): Picking {
  return new Picking(() => new RoundRobin()).addAll(weights);
}

function picks(from: Picking, count: number): number[] {
  return Array.from({ length: count }, () => from.pick());
}

Deno.test("RoundRobin.pick() takes turns in the order that nginx documents", () => {
  assertEquals(picks(picking(5, 1, 1), 14), [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
  assertEquals(picks(picking(1, 1, 1), 6), [0, 1, 2, 0, 1, 2]);
});

Deno.test("RoundRobin.pick() matches the weights exactly in every round, wherever it begins", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
    fc.nat({ max: 100 }),
    (weights, begun) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const one = picking(...weights);
      one.countPicks(begun);
      assertEquals(one.countPicks(total), weights);
    },
  ));
});

/** 1 + 1/2 + … + 1/n: the cup game's bound for how far the largest of n credits can grow. */
function harmonic(n: number): number {
  return n === 0 ? 0 : 1 / n + harmonic(n - 1);
}

Deno.test("RoundRobin.pick() keeps a server less than one pick ahead, and H(n) - 1 picks behind", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: UINT32_MAX }), { minLength: 1, maxLength: 8 }),
    (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const one = picking(...weights);
      const counts = weights.map(() => 0);
      for (let i = 1; i <= 200; i++) {
        counts[one.pick()]! += 1;
        for (const [slot, weight] of weights.entries()) {
          const ahead = counts[slot]! - i * weight / total;
          // Integers of this size are exact; the quotient is rounded.
          assert(ahead < 1 + 1e-9 && -ahead < harmonic(weights.length) - 1 + 1e-9);
        }
      }
    },
  ));
});

Deno.test("RoundRobin.pick() continues the round when a server is added, removed or changed", () => {
  const one = picking(1, 1, 1, 1);
  assertEquals(picks(one, 2), [0, 1]);
  // A restart of the round at each change would always pick the first server.
  one.registry.update(urlOf(3), { weight: 2 });
  assertEquals(one.pick(), 3);
  one.table.setHealthy(3, false);
  assertEquals(one.pick(), 2);
  one.add(4, 1);
  assertEquals(new Set(picks(one, 4)), new Set([0, 1, 2, 4]));
  const growing = picking(1, 1, 1);
  assertEquals(growing.pick(), 0);
  for (let number = 3; number < 13; number++) growing.add(number, 1);
  assertEquals(picks(growing, 2), [1, 2]);
});

Deno.test("RoundRobin.pick() does not burden small servers with the credit of a large one", () => {
  const one = picking(UINT32_MAX, 1000, 1);
  one.countPicks(100_000);
  one.table.setHealthy(0, false);
  one.registry.update(urlOf(1), { weight: 1 });
  const counts = one.countPicks(100);
  assert(Math.abs(counts[1]! - 50) <= 1, `${counts}`);
});

Deno.test("RoundRobin.pick() keeps the shares of servers that a request has tried already", () => {
  const one = picking(3, 2, 1);
  const counts = [0, 0, 0];
  for (let i = 0; i < 600; i++) {
    const first = one.pick();
    counts[first]! += 1;
    // Each tenth request fails and is tried elsewhere.
    if (i % 10 === 0) assert(one.pick(undefined, [first]) !== first);
  }
  for (const [slot, weight] of [3, 2, 1].entries()) {
    assert(Math.abs(counts[slot]! - 100 * weight) <= 60, `${counts}`);
  }
});
