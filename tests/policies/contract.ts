import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { Policy } from "../../src/state/policy.ts";
import type { SlotDirectory } from "../../src/state/registry.ts";
import { UINT32_MAX } from "../../src/model/server.ts";
import type { TableView } from "../../src/state/table_view.ts";
import { clientNumber, Picking } from "../testing/picking.ts";

/** A policy under test. */
export interface Subject {
  /** Name of its class. */
  readonly name: string;
  /** Makes a policy. */
  make(servers: SlotDirectory): Policy;
  /** Allowed deviation of a server's picks from its share, for requests that come one at a time. */
  tolerance(share: number): number;
}

/** Five standard deviations of a count, which fails once in a million; the seed is fixed. */
export function byChance(share: number): number {
  return 5 * Math.sqrt(share) + 1;
}

function assertSpread(subject: Subject, counts: readonly number[], weights: readonly number[]) {
  const requests = counts.reduce((sum, count) => sum + count, 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  for (const [slot, weight] of weights.entries()) {
    const share = requests * weight / total;
    const off = Math.abs(counts[slot]! - share);
    assert(off <= subject.tolerance(share), `slot ${slot} has ${counts[slot]}, not ${share}`);
  }
}

/** A table with any numbers as weights. */
function tableWith(weights: readonly number[]): TableView {
  return {
    generation: 1,
    end: weights.length,
    weight: (slot) => weights[slot]!,
    active: () => 0,
    isHealthy: () => true,
  };
}

const weight = fc.oneof(
  fc.integer({ min: 0, max: 20 }),
  fc.constantFrom(0, 1, UINT32_MAX),
  fc.integer({ min: 0, max: UINT32_MAX }),
);
const server = fc.nat({ max: 9 });
/** Events between two picks. */
const step = fc.oneof(
  fc.record({ type: fc.constant("add" as const), server, weight }),
  fc.record({ type: fc.constant("remove" as const), server }),
  fc.record({ type: fc.constant("weight" as const), server, weight }),
  fc.record({ type: fc.constant("health" as const), server, healthy: fc.boolean() }),
  fc.record({ type: fc.constant("finish" as const), server }),
  { weight: 8, arbitrary: fc.record({ type: fc.constant("pick" as const), client: fc.nat(99) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Performs a step. A pick is repeated until every server was tried, as for a failing request. */
function take(picking: Picking, slots: Map<number, number>, step: Step): void {
  const { registry, table } = picking;
  if (step.type === "pick") {
    const tried: number[] = [];
    while (true) {
      const { slots, length } = picking.candidates(tried);
      const candidates = [...slots.subarray(0, length)];
      if (length === 0) break;
      const before = candidates.map((slot) => table.active(slot));
      const slot = picking.pick(clientNumber(step.client), tried);
      assert(candidates.includes(slot), `${slot} is not one of ${candidates}`);
      assert(table.weight(slot) > 0);
      assertEquals(candidates.map((slot) => table.active(slot)), before);
      if (tried.length === 0) table.begin(slot);
      tried.push(slot);
    }
    return;
  }
  const slot = slots.get(step.server);
  if (step.type === "add") {
    if (slot === undefined) slots.set(step.server, picking.add(step.server, step.weight));
    return;
  }
  if (slot === undefined) return;
  const { url } = registry.inSlot(slot)!.server;
  if (step.type === "weight") registry.update(url, { weight: step.weight });
  if (step.type === "health") table.setHealthy(slot, step.healthy);
  if (step.type === "finish") { while (table.active(slot) > 0) table.finish(slot); }
  if (step.type === "remove") {
    registry.remove(url);
    slots.delete(step.server);
    // Else the slot would not be used again.
    while (table.active(slot) > 0) table.finish(slot);
  }
}

/**
 * Tests of every policy: it picks candidates only, and spreads requests that come one at a time by
 * weight.
 *
 * @param subject The policy.
 */
export function testContract(subject: Subject): void {
  const make = subject.make.bind(subject);

  Deno.test(`${subject.name}.pick() picks candidates only, whatever happens to the servers`, () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      // Few slots, so that they are used again and again; and a table that grows.
      const picking = new Picking(make, 10);
      const slots = new Map<number, number>();
      for (const one of steps) take(picking, slots, one);
    }));
  });

  Deno.test(`${subject.name}.pick() picks the only candidate`, () => {
    for (const only of [1, 7, UINT32_MAX]) {
      const picking = new Picking(make).addAll([0, only, 0]);
      assertEquals(picking.countPicks(50), [0, 50, 0]);
      assertEquals(picking.pick(undefined), 1);
    }
  });

  Deno.test(`${subject.name}.pick() spreads requests that come one at a time by weight`, () => {
    for (const weights of [[1, 1], [5, 3, 1], [1, 2, 3, 4, 5, 6], [100, 1], [1, 100, 1]]) {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const rounds = Math.ceil(20_000 / total);
      const picking = new Picking(make).addAll(weights);
      assertSpread(subject, picking.countPicks(total * rounds), weights);
    }
  });

  Deno.test(`${subject.name}.pick() spreads over a thousand servers by weight`, () => {
    const weights = Array.from({ length: 1000 }, (_, i) => i % 4 + 1);
    const picking = new Picking(make).addAll(weights);
    assertSpread(subject, picking.countPicks(20_000), weights);
  });

  Deno.test(`${subject.name}.pick() spreads by the largest weights as by small ones`, () => {
    const picking = new Picking(make).addAll([UINT32_MAX, UINT32_MAX, UINT32_MAX]);
    assertSpread(subject, picking.countPicks(9_000), [1, 1, 1]);
    const one = new Picking(make).addAll([1, UINT32_MAX]);
    assertEquals(one.countPicks(1000), [0, 1000]);
  });

  Deno.test(`${subject.name}.pick() adapts to new weights at once, also after the largest`, () => {
    const picking = new Picking(make).addAll([UINT32_MAX, 1, 1, 1]);
    picking.countPicks(1000);
    picking.registry.update(picking.registry.inSlot(0)!.server.url, { weight: 3 });
    assertSpread(subject, picking.countPicks(6000), [3, 1, 1, 1]);
    picking.table.setHealthy(0, false);
    assertSpread(subject, picking.countPicks(6000), [0, 1, 1, 1]);
  });

  Deno.test(`${subject.name}.pick() gives a server that takes over a slot its own share`, () => {
    const picking = new Picking(make).addAll([1, 9, 1]);
    picking.countPicks(1000);
    picking.registry.remove(picking.registry.inSlot(1)!.server.url);
    assertEquals(picking.add(77, 2), 1);
    assertSpread(subject, picking.countPicks(8000), [1, 2, 1]);
  });

  Deno.test(`${subject.name}.pick() accepts fractional weights`, () => {
    const weights = [0.5, 0.25, 1.25];
    const candidates = { slots: Int32Array.of(0, 1, 2), length: 3 };
    const { policy } = new Picking(make).addAll([1, 1, 1]);
    const counts = [0, 0, 0];
    for (let i = 0; i < 8000; i++) {
      counts[policy.pick(candidates, tableWith(weights), { clientAddress: clientNumber(i) })]! += 1;
    }
    assertSpread(subject, counts, weights);
  });

  Deno.test(`${subject.name}.pick() survives weights that become 0 during a pick`, () => {
    const candidates = { slots: Int32Array.of(0, 1), length: 2 };
    const { policy } = new Picking(make).addAll([1, 1]);
    const counts = [0, 0];
    for (let i = 0; i < 2000; i++) {
      const context = { clientAddress: clientNumber(i) };
      counts[policy.pick(candidates, tableWith([1, 1]), context)]! += 1;
      for (const weights of [[0, 0], [0, 1]]) {
        assert([0, 1].includes(policy.pick(candidates, tableWith(weights), context)));
      }
    }
    // The weights are 0 only for an instant, which must not break later picks.
    for (const count of counts) assert(count > 500, `${counts}`);
  });

  Deno.test(`${subject.name}.pick() spreads requests of unknown clients`, () => {
    const picking = new Picking(make).addAll([2, 1, 1]);
    const counts = [0, 0, 0];
    for (let i = 0; i < 8000; i++) counts[picking.pick(undefined)]! += 1;
    assertSpread(subject, counts, [2, 1, 1]);
  });

  Deno.test(`${subject.name}.pick() does the same for the same servers and requests`, () => {
    const weights = [3, 1, 4, 1, 5, 9, 2, 6];
    const [one, two] = [new Picking(make).addAll(weights), new Picking(make).addAll(weights)];
    for (let i = 0; i < 500; i++) {
      assertEquals(one.pick(clientNumber(i)), two.pick(clientNumber(i)));
    }
  });
}
