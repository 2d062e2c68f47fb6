import { assertEquals } from "@std/assert";
import { UINT32_MAX } from "../../src/model/server.ts";
import { ClientHash } from "../../src/policies/client_hash.ts";
import { GuardedPolicy } from "../../src/policies/guarded_policy.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";
import { StickyPolicy } from "../../src/policies/sticky_policy.ts";
import { explainNothing } from "../../src/state/explanation.ts";
import type { Policy } from "../../src/state/policy.ts";
import { Picking } from "../testing/picking.ts";

/** Key and verdict of each server after a pick, by slot. */
function notes(picking: Picking, context: { clientAddress?: string; sessionSlot?: number } = {}) {
  const { policy, table } = picking;
  const full = { clientAddress: undefined, ...context };
  const candidates = picking.candidates();
  const explain = policy.explain!(candidates, table, full);
  const chosen = policy.pick(candidates, table, full);
  const { note } = explain(chosen);
  return Array.from({ length: table.end }, (_, slot) => {
    const { key, verdict } = note(slot);
    return `${slot === chosen ? "*" : ""}${key ?? "-"}: ${verdict}`;
  });
}

function begin({ table }: Picking, active: readonly number[]): void {
  for (const [slot, count] of active.entries()) for (let i = 0; i < count; i++) table.begin(slot);
}

Deno.test("LeastConnections.explain() shows each key and how it compares", () => {
  const picking = new Picking(() => new LeastConnections()).addAll([5, 1, 1]);
  assertEquals(notes(picking), [
    "*idle: 0: idle, tied with 2 others; next in the weighted rotation",
    "idle: 0: tie: later in the weighted rotation",
    "idle: 0: tie: later in the weighted rotation",
  ]);
  begin(picking, [2, 1, 2]);
  assertEquals(notes(picking), [
    "*(2 + 1) / 5 = 0.6: the smallest key",
    "(1 + 1) / 1 = 2: larger key: 2 > 0.6",
    "(2 + 1) / 1 = 3: larger key: 3 > 0.6",
  ]);
  assertEquals(notes(new Picking(() => new LeastConnections()).addAll([1])), [
    "*idle: 0: the only server that can take it",
  ]);
});

Deno.test("LeastConnections.explain() shows enough digits to tell similar keys apart", () => {
  const picking = new Picking(() => new LeastConnections()).addAll([UINT32_MAX, UINT32_MAX - 1]);
  begin(picking, [1, 1]);
  const [, other] = notes(picking);
  assertEquals(
    other,
    "(1 + 1) / 4294967294 = 4.657e-10: larger key: 4.65661288e-10 > 4.65661287e-10",
  );
});

Deno.test("RoundRobin.explain() shows the credit and the weight of each server", () => {
  const picking = new Picking(() => new RoundRobin()).addAll([5, 1, 1]);
  assertEquals(notes(picking), [
    "*0 + 5 = 5: the largest credit",
    "0 + 1 = 1: smaller credit: 1 < 5",
    "0 + 1 = 1: smaller credit: 1 < 5",
  ]);
  picking.countPicks(6);
  assertEquals(notes(picking), [
    "*0 + 5 = 5: the largest credit",
    "0 + 1 = 1: smaller credit: 1 < 5",
    "0 + 1 = 1: smaller credit: 1 < 5",
  ]);
});

Deno.test("RandomTwoChoices.explain() shows which servers were drawn", () => {
  // The first draw falls on slot 0, the second on slot 2.
  const draws = [0, 0.99];
  const picking = new Picking(() => new RandomTwoChoices(() => draws.shift() ?? 0)).addAll([
    1,
    1,
    1,
  ]);
  begin(picking, [3, 0, 1]);
  assertEquals(notes(picking), [
    "(3 + 1) / 1 = 4: also drawn; larger key: 4 > 2",
    "-: not drawn",
    "*(1 + 1) / 1 = 2: the less busy of the two that were drawn",
  ]);
});

Deno.test("ClientHash.explain() shows the distance of each server from the client", () => {
  const picking = new Picking((servers) => new ClientHash(servers)).addAll([1, 1]);
  const [first, second] = notes(picking, { clientAddress: "10.0.0.1" });
  const distances = [first, second].map((note) => Number(/distance ([\d.]+)/.exec(note!)![1]));
  const [near, far] = distances[0]! < distances[1]! ? [first, second] : [second, first];
  const [less, more] = distances.toSorted((a, b) => a - b);
  assertEquals(
    near,
    `*distance ${less}: the nearest to the client 10.0.0.1 by hash and weight`,
  );
  assertEquals(far, `distance ${more}: farther from this client: ${more} > ${less}`);
});

Deno.test("StickyPolicy.explain() shows whether the cookie decided", () => {
  const picking = new Picking(() => new StickyPolicy(new LeastConnections())).addAll([1, 1]);
  begin(picking, [9, 1]);
  assertEquals(notes(picking, { sessionSlot: 0 }), [
    "*-: the client's session is here, as its cookie says",
    "-: the client's cookie names another",
  ]);
  assertEquals(notes(picking, { sessionSlot: 7 }), [
    "(9 + 1) / 1 = 10: larger key: 10 > 2",
    "*(1 + 1) / 1 = 2: the server of the client's session cannot take it; the smallest key",
  ]);
});

/** Keys and verdicts of a custom policy with this `explain`. */
function guarded(explain: unknown): string[] {
  const policy = {
    pick: () => 1,
    ...(explain === undefined ? {} : { explain }),
  } as unknown as Policy;
  return notes(new Picking(() => new GuardedPolicy(policy)).addAll([1, 1]));
}

Deno.test("GuardedPolicy.explain() uses a custom policy's explanation, and replaces invalid parts", () => {
  const standard = ["-: not chosen by the policy", "*-: chosen by the policy"];
  const fail = () => {
    throw new Error("no idea");
  };
  for (const explain of [undefined, fail, () => undefined, () => fail, () => () => undefined]) {
    assertEquals(guarded(explain), standard);
  }
  assertEquals(guarded(() => () => ({ ranking: fail, note: fail })), standard);
  assertEquals(
    guarded(() => () => ({
      ranking: [9, 1, 1, NaN],
      note: (slot: number) => ({ key: 5, verdict: slot === 1 ? "v".repeat(500) : "not tasty" }),
    })),
    ["5: not tasty", `*5: ${"v".repeat(200)}`],
  );
});

Deno.test("GuardedPolicy.explain() ranks every candidate once, whatever the custom policy returns", () => {
  const candidates = { slots: Int32Array.of(3, 1, 2, 9), length: 3 };
  const picking = new Picking(() => new LeastConnections());
  for (const ranking of [undefined, 5, [9, 2, 2, NaN, "1"], [], [1, 2, 3]]) {
    const policy = {
      pick: () => 1,
      explain: () => () => ({ ranking, note: () => ({ key: undefined, verdict: "" }) }),
    } as unknown as Policy;
    const explain = new GuardedPolicy(policy)
      .explain(candidates, picking.table, { clientAddress: undefined });
    assertEquals(explain(1).ranking.toSorted(), [1, 2, 3]);
  }
  assertEquals(explainNothing(candidates)(2).ranking, [2, 3, 1]);
});
