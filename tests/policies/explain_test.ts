import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { explainNothing, type Explanation } from "../../src/state/explanation.ts";
import type { Policy } from "../../src/state/policy.ts";
import type { SlotDirectory } from "../../src/state/registry.ts";
import { UINT32_MAX } from "../../src/model/server.ts";
import type { PolicyName } from "../../src/model/settings.ts";
import { ClientHash } from "../../src/policies/client_hash.ts";
import { GuardedPolicy } from "../../src/policies/guarded_policy.ts";
import { StickyPolicy } from "../../src/policies/sticky_policy.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";
import { RoundRobin } from "../../src/policies/round_robin.ts";
import { clientNumber, Picking, seededRandom } from "../testing/picking.ts";

/** What its key texts end with is rounded to four digits. */
const ROUNDING = 1.002;

/** A policy whose explanations are to be true. */
interface Subject {
  readonly name: string;
  make(servers: SlotDirectory): Policy;
  /** Whether the best key is the largest one. */
  readonly largest: boolean;
  /** How many candidates beside the chosen one have a key, of this many. */
  keys(others: number): number;
}

function all(others: number): number {
  return others;
}

/** Those that come with Ballast, by name: none can be forgotten. */
const BY_NAME: Readonly<Record<PolicyName, Subject>> = {
  least_connections: {
    name: "LeastConnections",
    make: () => new LeastConnections(),
    largest: false,
    keys: all,
  },
  round_robin: { name: "RoundRobin", make: () => new RoundRobin(), largest: true, keys: all },
  random_two_choices: {
    name: "RandomTwoChoices",
    make: () => new RandomTwoChoices(seededRandom(7)),
    largest: false,
    keys: (others) => Math.min(others, 1),
  },
  client_hash: {
    name: "ClientHash",
    make: (servers) => new ClientHash(servers),
    largest: false,
    keys: all,
  },
};

const SUBJECTS: readonly Subject[] = [
  ...Object.values(BY_NAME),
  {
    name: "StickyPolicy",
    make: () => new StickyPolicy(new LeastConnections()),
    largest: false,
    keys: all,
  },
  {
    name: "GuardedPolicy",
    make: () => new GuardedPolicy(new RoundRobin()),
    largest: true,
    keys: all,
  },
];

const weight = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: UINT32_MAX }));
/** Picks with what happens before each: a server's weight, and requests that end. */
const rounds = fc.array(
  fc.record({
    client: fc.option(fc.nat(50), { nil: undefined }),
    tried: fc.uniqueArray(fc.nat(5), { maxLength: 2 }),
    finish: fc.option(fc.nat(5), { nil: undefined }),
    change: fc.option(fc.record({ slot: fc.nat(5), weight }), { nil: undefined }),
    share: fc.constantFrom(1, 1, 1, 0.3, 0.001),
  }),
  { minLength: 1, maxLength: 60 },
);

/** The number at the end of a key. */
function numberOf({ note }: Explanation, slot: number): number | undefined {
  const key = note(slot).key;
  return key === undefined ? undefined : Number(key.split(" ").at(-1));
}

/** Whether a verdict's comparison holds, if it has one. */
function assertTrue(verdict: string): void {
  const [, left, sign, right] = / ([-\d.e+]+) ([<>]) ([-\d.e+]+)$/.exec(verdict) ?? [];
  if (sign === undefined) return;
  assert(sign === "<" ? Number(left) < Number(right) : Number(left) > Number(right), verdict);
}

function assertBest(subject: Subject, explanation: Explanation, chosen: number): void {
  const others = explanation.ranking.filter((slot) => slot !== chosen);
  const best = numberOf(explanation, chosen)!;
  let keys = 0;
  for (const slot of others) {
    const number = numberOf(explanation, slot);
    assertTrue(explanation.note(slot).verdict);
    if (number === undefined) continue;
    keys++;
    const [better, worse] = subject.largest ? [best, number] : [-best, -number];
    const slack = Math.max(Math.abs(better), Math.abs(worse)) * (ROUNDING - 1) + 1e-5;
    assert(better + slack >= worse, `${best} is chosen, ${number} is there`);
  }
  assertEquals(keys, subject.keys(others.length));
}

for (const subject of SUBJECTS) {
  Deno.test(`${subject.name}.explain() names what pick() picks, and its reasons hold`, () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 3, maxLength: 6 }), rounds, (weights, picks) => {
        const picking = new Picking(subject.make.bind(subject), 16).addAll(weights);
        const { policy, table } = picking;
        for (const { client, tried, finish, change, share } of picks) {
          if (change !== undefined && change.slot < table.end) {
            table.setWeight(change.slot, change.weight);
            table.setShare(change.slot, share);
          }
          if (finish !== undefined && finish < table.end && table.active(finish) > 0) {
            table.finish(finish);
          }
          const candidates = picking.candidates(tried);
          const slots = [...candidates.slots.subarray(0, candidates.length)];
          const clientAddress = client === undefined ? undefined : clientNumber(client);
          const explain = policy.explain!(candidates, table, { clientAddress });
          const chosen = policy.pick(candidates, table, { clientAddress });
          const explanation = explain(chosen);
          assertEquals(explanation.ranking[0], chosen);
          assertEquals(explanation.ranking.toSorted(), slots.toSorted());
          assertBest(subject, explanation, chosen);
          table.begin(chosen);
        }
      }),
    );
  });

  Deno.test(`${subject.name}.explain() changes nothing about the picks`, () => {
    const [told, untold] = [1, 2].map(() =>
      new Picking(subject.make.bind(subject), 16).addAll([5, 1, 3])
    );
    for (let i = 0; i < 200; i++) {
      const context = { clientAddress: clientNumber(i) };
      const { policy, table } = told!;
      policy.explain!(told!.candidates(), table, context);
      if (i === 100) { for (const { table } of [told!, untold!]) table.setWeight(1, 4); }
      const chosen = told!.pick(context.clientAddress);
      assertEquals(chosen, untold!.pick(context.clientAddress));
      for (const { table } of [told!, untold!]) table.begin(chosen);
    }
  });
}

/** What is said of each server after a pick, by slot. */
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

Deno.test("LeastConnections.explain() shows each key and why another is smaller", () => {
  const picking = new Picking(() => new LeastConnections()).addAll([5, 1, 1]);
  assertEquals(notes(picking), [
    "*idle: 0: idle, like 2 others; its turn by weight",
    "idle: 0: tie: its turn comes later",
    "idle: 0: tie: its turn comes later",
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

Deno.test("LeastConnections.explain() tells keys apart that look the same when rounded", () => {
  const picking = new Picking(() => new LeastConnections()).addAll([UINT32_MAX, UINT32_MAX - 1]);
  begin(picking, [1, 1]);
  const [, other] = notes(picking);
  assertEquals(
    other,
    "(1 + 1) / 4294967294 = 4.657e-10: larger key: 4.65661288e-10 > 4.65661287e-10",
  );
});

Deno.test("RoundRobin.explain() shows what each server has and earns", () => {
  const picking = new Picking(() => new RoundRobin()).addAll([5, 1, 1]);
  assertEquals(notes(picking), [
    "*0 + 5 = 5: its turn: the largest credit",
    "0 + 1 = 1: not its turn: credit 1 < 5",
    "0 + 1 = 1: not its turn: credit 1 < 5",
  ]);
  picking.countPicks(6);
  assertEquals(notes(picking), [
    "*0 + 5 = 5: its turn: the largest credit",
    "0 + 1 = 1: not its turn: credit 1 < 5",
    "0 + 1 = 1: not its turn: credit 1 < 5",
  ]);
});

Deno.test("RandomTwoChoices.explain() says which were drawn", () => {
  // The first draw falls on slot 0, the second on slot 2.
  const draws = [0, 0.99];
  const picking = new Picking(() => new RandomTwoChoices(() => draws.shift() ?? 0)).addAll([
    1,
    1,
    1,
  ]);
  begin(picking, [3, 0, 1]);
  assertEquals(notes(picking), [
    "(3 + 1) / 1 = 4: was drawn too; larger key: 4 > 2",
    "-: was not drawn",
    "*(1 + 1) / 1 = 2: the less busy of the two that were drawn",
  ]);
});

Deno.test("ClientHash.explain() shows how far each server is from the client", () => {
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

Deno.test("StickyPolicy.explain() says that the cookie decided, or that it could not", () => {
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

/** What is said where a caller's policy explains itself like this. */
function guarded(explain: unknown): string[] {
  const policy = {
    pick: () => 1,
    ...(explain === undefined ? {} : { explain }),
  } as unknown as Policy;
  return notes(new Picking(() => new GuardedPolicy(policy)).addAll([1, 1]));
}

Deno.test("GuardedPolicy.explain() uses what a caller's policy says, and nothing that is wrong", () => {
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

Deno.test("GuardedPolicy.explain() ranks every candidate once, whatever the caller's policy says", () => {
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
