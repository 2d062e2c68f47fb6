import { Candidates } from "../../src/state/candidates.ts";
import { StateTable } from "../../src/state/state_table.ts";

Deno.bench("begin and finish a request", beginAndFinish());
for (const count of [3, 1000, 10_000]) {
  Deno.bench({
    name: `a health changes, then the candidates of ${count} servers`,
    group: "health change",
    fn: changeHealth(count),
  });
}
for (const count of [1000, 10_000]) {
  Deno.bench({
    name: `release and allocate the last of ${count} slots`,
    group: "slots",
    fn: releaseAndAllocate(count),
  });
}

function beginAndFinish(): () => void {
  const table = filled(3);
  return function update(): void {
    table.begin(1);
    table.finish(1);
  };
}

/** The first selection after a change looks at every server. */
function changeHealth(count: number): () => void {
  const table = filled(count);
  const candidates = new Candidates(table);
  let healthy = true;
  return function change(): void {
    healthy = !healthy;
    table.setHealthy(1, healthy);
    candidates.select([]);
  };
}

function releaseAndAllocate(count: number): () => void {
  const table = filled(count);
  return function replace(): void {
    table.release(count - 1);
    table.open(table.allocate(1));
  };
}

function filled(count: number): StateTable {
  const table = new StateTable(count);
  for (let i = 0; i < count; i++) table.open(table.allocate(1));
  return table;
}
