import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import type { Explanation } from "../../src/state/explanation.ts";
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

/** Numbers in keys are rounded to four digits. */
const ROUNDING = 1.002;

/** A policy whose explanations are verified. */
interface Subject {
  readonly name: string;
  make(servers: SlotDirectory): Policy;
  /** Whether the best key is the largest one. */
  readonly largest: boolean;
  /** How many of the other candidates have a key. */
  keys(others: number): number;
}

function all(others: number): number {
  return others;
}

/** The built-in policies by name, so that none can be forgotten. */
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
/** Picks, and a change of a server or the end of a request before each. */
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
  Deno.test(`${subject.name}.explain() ranks the picked server first, and its reasons are true`, () => {
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

  Deno.test(`${subject.name}.explain() does not affect picks`, () => {
    const [explained, plain] = [1, 2].map(() =>
      new Picking(subject.make.bind(subject), 16).addAll([5, 1, 3])
    );
    for (let i = 0; i < 200; i++) {
      const context = { clientAddress: clientNumber(i) };
      const { policy, table } = explained!;
      policy.explain!(explained!.candidates(), table, context);
      if (i === 100) { for (const { table } of [explained!, plain!]) table.setWeight(1, 4); }
      const chosen = explained!.pick(context.clientAddress);
      assertEquals(chosen, plain!.pick(context.clientAddress));
      for (const { table } of [explained!, plain!]) table.begin(chosen);
    }
  });
}
