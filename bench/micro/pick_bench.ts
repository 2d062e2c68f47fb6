import { Candidates } from "../../src/core/candidates.ts";
import { StateTable } from "../../src/core/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";

/** How many requests are active at a time where the benchmark says "under way". */
const UNDER_WAY = 64;

for (const count of [3, 100, 1000, 10_000]) {
  Deno.bench({
    name: `pick, ${count} servers, nothing active`,
    group: `pick, ${count} servers`,
    baseline: true,
    fn: pickIdle(count),
  });
  Deno.bench({
    name: `pick, ${count} servers, every one busy`,
    group: `pick, ${count} servers`,
    fn: pickBusy(count),
  });
  Deno.bench({
    name: `pick, begin and finish, ${count} servers, ${UNDER_WAY} requests under way`,
    group: `pick, ${count} servers`,
    fn: pickBeginFinish(count),
  });
}

/** Every key is 0, so each pick is a tie of all servers: the most that a pick has to do. */
function pickIdle(count: number): () => void {
  const { table, candidates, policy } = servers(count);
  return function pick(): void {
    policy.pick(candidates.select([]), table);
  };
}

/** Different loads and weights, so that there are hardly any ties. */
function pickBusy(count: number): () => void {
  const { table, candidates, policy } = servers(count);
  for (let slot = 0; slot < count; slot++) {
    table.setWeight(slot, 1 + slot % 7);
    // A multiplicative hash, which scatters and is the same in every run.
    const active = 1 + (Math.imul(slot + 1, 0x9e3779b1) >>> 24);
    for (let i = 0; i < active; i++) table.begin(slot);
  }
  return function pick(): void {
    policy.pick(candidates.select([]), table);
  };
}

/** What the balancer does for a request; the oldest request ends when a new one begins. */
function pickBeginFinish(count: number): () => void {
  const { table, candidates, policy } = servers(count);
  const underWay: number[] = [];
  for (let i = 0; i < UNDER_WAY; i++) {
    const slot = policy.pick(candidates.select([]), table);
    table.begin(slot);
    underWay.push(slot);
  }
  let oldest = 0;
  return function serve(): void {
    const slot = policy.pick(candidates.select([]), table);
    table.begin(slot);
    table.finish(underWay[oldest]!);
    underWay[oldest] = slot;
    oldest = (oldest + 1) % UNDER_WAY;
  };
}

function servers(count: number) {
  const table = new StateTable(count);
  for (let i = 0; i < count; i++) table.open(table.allocate(1));
  return { table, candidates: new Candidates(table), policy: new LeastConnections() };
}
