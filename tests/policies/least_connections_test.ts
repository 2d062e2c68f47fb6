import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { Picking } from "../testing/picking.ts";

/** Picks without I/O. */
class Picker {
  readonly table: StateTable;
  readonly #candidates: Candidates;
  readonly #policy = new LeastConnections();

  constructor(weights: readonly number[]) {
    this.table = new StateTable(weights.length);
    for (const weight of weights) this.table.open(this.table.allocate(weight));
    this.#candidates = new Candidates(this.table);
  }

  pick(): number {
    const slot = this.#policy.pick(this.#candidates.select([]), this.table);
    this.table.begin(slot);
    return slot;
  }

  /** Picks of requests that come one at a time. */
  picksOneAtATime(count: number): number[] {
    return Array.from({ length: count }, () => {
      const slot = this.pick();
      this.table.finish(slot);
      return slot;
    });
  }
}

function countBySlot(slots: readonly number[], servers: number): number[] {
  const counts = new Array<number>(servers).fill(0);
  for (const slot of slots) counts[slot]! += 1;
  return counts;
}

/** Oracle: exact comparison of keys with big integers. */
function isSmallestKey(table: StateTable, chosen: number, servers: number): boolean {
  function load(slot: number): bigint {
    const active = table.active(slot);
    return active === 0 ? 0n : BigInt(active + 1);
  }
  for (let slot = 0; slot < servers; slot++) {
    if (table.weight(slot) === 0) continue;
    if (load(chosen) * BigInt(table.weight(slot)) > load(slot) * BigInt(table.weight(chosen))) {
      return false;
    }
  }
  return true;
}

const weightLists = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  { minLength: 1, maxLength: 12 },
);

Deno.test("LeastConnections.pick() always picks a smallest key, and the counts stay correct", () => {
  fc.assert(fc.property(
    weightLists,
    fc.array(fc.nat({ max: 99 }), { maxLength: 300 }),
    (weights, steps) => {
      const picker = new Picker(weights);
      const open: number[] = [];
      for (const step of steps) {
        // Two arrivals for each completion on average, so that loads build up.
        if (step % 3 === 0 && open.length > 0) {
          const [slot] = open.splice(step % open.length, 1);
          picker.table.finish(slot!);
          assert(picker.table.active(slot!) >= 0);
        } else {
          const before = weights.map((_, slot) => picker.table.active(slot));
          const slot = picker.pick();
          picker.table.finish(slot);
          assertEquals(weights.map((_, other) => picker.table.active(other)), before);
          assert(isSmallestKey(picker.table, slot, weights.length));
          picker.table.begin(slot);
          open.push(slot);
        }
      }
      for (const slot of open) picker.table.finish(slot);
      for (const slot of weights.keys()) assertEquals(picker.table.active(slot), 0);
    },
  ));
});

Deno.test("LeastConnections.pick() gives 5:3:1 in every nine picks that come one at a time", () => {
  const picker = new Picker([5, 3, 1]);
  const picks = picker.picksOneAtATime(900);
  for (let from = 0; from + 9 <= picks.length; from++) {
    assertEquals(countBySlot(picks.slice(from, from + 9), 3), [5, 3, 1]);
  }
});

Deno.test("LeastConnections.pick() spreads ties by weight for any weights", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 }),
    (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const picks = new Picker(weights).picksOneAtATime(total);
      assertEquals(countBySlot(picks, weights.length), weights);
    },
  ));
});

Deno.test("LeastConnections.pick() fills held requests by weight to within one request", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 1, max: 20 }),
    (weights, rounds) => {
      const picker = new Picker(weights);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const held = total * rounds;
      for (let i = 0; i < held; i++) picker.pick();
      for (const [slot, weight] of weights.entries()) {
        // The key counts the request to come, so a server can be one ahead of its share.
        const share = held * weight / total;
        assert(
          Math.abs(picker.table.active(slot) - share) <= 1,
          `${picker.table.active(slot)} of ${held} for ${weight} in ${weights}`,
        );
      }
    },
  ));
});

Deno.test("LeastConnections.pick() starts a new round when weights change", () => {
  const picker = new Picker([1000, 1]);
  picker.picksOneAtATime(600);
  picker.table.setWeight(0, 1);
  assertEquals(countBySlot(picker.picksOneAtATime(10), 2), [5, 5]);
});

Deno.test("LeastConnections.pick() skips the turns that a busy server has missed", () => {
  const picker = new Picker([1, 1, 1]);
  const busy = picker.pick();
  picker.picksOneAtATime(300);
  picker.table.finish(busy);
  const counts = countBySlot(picker.picksOneAtATime(30), 3);
  for (const count of counts) assert(Math.abs(count - 10) <= 1, `${counts}`);
});

Deno.test("LeastConnections.pick() takes turns in an even order", () => {
  assertEquals(new Picker([4, 1]).picksOneAtATime(5), [0, 0, 1, 0, 0]);
  assertEquals(new Picker([1, 1]).picksOneAtATime(4), [0, 1, 0, 1]);
});

Deno.test("LeastConnections.pick() spreads evenly while another server changes all the time", () => {
  const picking = new Picking(() => new LeastConnections()).addAll(Array(11).fill(1));
  const { registry, table } = picking;
  const { url } = registry.inSlot(10)!.server;
  const counts = new Array(11).fill(0);
  for (let i = 0; i < 1000; i++) {
    if (i % 3 === 0) table.setHealthy(10, i % 2 === 0);
    else registry.update(url, { weight: i % 5 });
    counts[picking.pick()]++;
  }
  // The position in the list is no advantage.
  const others = counts.slice(0, 10);
  assert(Math.max(...others) - Math.min(...others) <= 1, `${counts}`);
});

Deno.test("LeastConnections.pick() gives a server that returns its share, without the turns it has missed", () => {
  const picking = new Picking(() => new LeastConnections()).addAll([1, 1, 1]);
  picking.table.setHealthy(2, false);
  assertEquals(picking.countPicks(1000), [500, 500, 0]);
  picking.table.setHealthy(2, true);
  assertEquals(picking.countPicks(3), [1, 1, 1]);
  assertEquals(picking.countPicks(300), [100, 100, 100]);
  // Also where rounding could give one turn too many.
  const uneven = new Picking(() => new LeastConnections()).addAll([8, 2]);
  uneven.table.setHealthy(1, false);
  assertEquals(uneven.countPicks(1003), [1003, 0]);
  uneven.table.setHealthy(1, true);
  assertEquals(uneven.countPicks(10), [8, 2]);
});
