import { assertEquals } from "@std/assert";
import { StickyPolicy } from "../../src/policies/sticky_policy.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";
import { Picking, urlOf } from "../testing/picking.ts";

function picks(picking: Picking, sessionSlot: number | undefined, tried: number[] = []): number[] {
  return Array.from(
    { length: 3 },
    () => {
      const context = { clientAddress: undefined, sessionSlot };
      return picking.policy.pick(picking.candidates(tried), picking.table, context);
    },
  );
}

function picking(...weights: number[]): Picking {
  return new Picking(() => new StickyPolicy(new RoundRobin())).addAll(weights);
}

Deno.test("StickyPolicy.pick() picks the session's server, or what the other policy picks", () => {
  const one = picking(1, 1, 1);
  assertEquals(picks(one, 2), [2, 2, 2]);
  assertEquals(picks(one, undefined), [0, 1, 2]);
});

Deno.test("StickyPolicy.pick() avoids a server that was tried, drained or removed", () => {
  const one = picking(1, 1, 1);
  assertEquals(picks(one, 2, [2]), [0, 1, 0]);
  one.registry.update(urlOf(1), { weight: 0 });
  assertEquals(picks(one, 1).includes(1), false);
  one.registry.remove(urlOf(2));
  // The slot is still in the array behind the end of the list.
  assertEquals(picks(one, 2), [0, 0, 0]);
});

Deno.test("StickyPolicy.pick() avoids an unhealthy server, unless all are unhealthy", () => {
  const one = picking(1, 1, 1);
  one.table.setHealthy(2, false);
  assertEquals(picks(one, 2), [0, 1, 0]);
  one.table.setHealthy(0, false);
  one.table.setHealthy(1, false);
  assertEquals(picks(one, 2), [2, 2, 2]);
});
