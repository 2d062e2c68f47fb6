import { type CandidateList, Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { RandomTwoChoices } from "../../src/policies/random_two_choices.ts";

/** How many requests are under way for each server, on average; the weights are 1 to 7 or all 1. */
const LOADS = [
  { name: "idle", perServer: 0, weights: 1 },
  { name: "half of them busy", perServer: 0.5, weights: 1 },
  { name: "all busy", perServer: 4, weights: 7 },
];

interface Load {
  readonly perServer: number;
  readonly weights: number;
}

for (const count of [3, 16, 256, 1000, 10_000]) {
  for (const { name, ...load } of LOADS) {
    const group = `${count} servers, ${name}`;
    Deno.bench({
      name: `${group}: a look at each`,
      group,
      baseline: true,
      // A list without a version may be another one the next time.
      fn: serve(count, load, ({ slots, length }) => ({ slots, length })),
    });
    Deno.bench({ name: `${group}: as it is`, group, fn: serve(count, load, (list) => list) });
  }
  const { table, candidates } = servers(count, 7);
  const policy = new RandomTwoChoices();
  Deno.bench({
    name: `${count} servers: random_two_choices`,
    group: `${count} servers, drawn`,
    fn: () => {
      policy.pick(candidates.select([]), table);
    },
  });
}

/** The balancer's work for a request; each new one ends a request in flight. */
function serve(
  count: number,
  { perServer, weights }: Load,
  view: (list: CandidateList) => CandidateList,
): () => void {
  const { table, candidates } = servers(count, weights);
  const policy = new LeastConnections();
  const underWay: number[] = [];
  function begin(): number {
    const slot = policy.pick(view(candidates.select([])), table);
    table.begin(slot);
    return slot;
  }
  for (let i = 0; i < count * perServer; i++) underWay.push(begin());
  let next = 0;
  return function request(): void {
    const slot = begin();
    if (underWay.length === 0) return table.finish(slot);
    // A multiplicative hash, which scatters and is the same in every run.
    const ends = (Math.imul(next++, 0x9e3779b1) >>> 0) % underWay.length;
    table.finish(underWay[ends]!);
    underWay[ends] = slot;
  };
}

/** Servers of the weights 1, 2 and so on up to some, over and over. */
function servers(count: number, weights: number) {
  const table = new StateTable(count);
  for (let i = 0; i < count; i++) table.open(table.allocate(1 + i % weights));
  return { table, candidates: new Candidates(table) };
}
