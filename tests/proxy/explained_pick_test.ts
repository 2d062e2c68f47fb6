import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Policy } from "../../src/state/policy.ts";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { DecisionRecorder } from "../../src/proxy/decision_recorder.ts";
import { type Pick, Picker } from "../../src/proxy/picker.ts";
import { DecisionKeeper } from "../testing/decision_keeper.ts";
import { LogWatcher } from "../testing/log_watcher.ts";

/** Servers among which picks are explained. */
class Stage {
  readonly table = new StateTable(2048);
  readonly registry = new Registry(this.table);
  readonly keeper = new DecisionKeeper();
  readonly #picker: Picker;

  constructor(policy: Policy = new LeastConnections()) {
    const sink = this.keeper;
    const recorder = new DecisionRecorder({ date: () => new Date(0), policy: "custom", sink });
    this.#picker = new Picker({ registry: this.registry, table: this.table, policy, recorder });
  }

  /** Adds a server with this name, and returns its slot. */
  add(
    name: string,
    options: { weight?: number; draining?: boolean; maxConnections?: number } = {},
  ) {
    return this.registry.add({ url: `http://${name}`, name, ...options }).slot;
  }

  pick(tried: readonly number[] = []): Pick {
    return this.#picker.pick(tried, { clientAddress: undefined }, {
      request: { method: "GET", target: "/" },
      clientAddress: undefined,
      record: undefined,
    });
  }
}

Deno.test("Picker.pick() explains why each ineligible server is ineligible", () => {
  const stage = new Stage();
  const { table, keeper } = stage;
  const tried = stage.add("tried");
  stage.add("free");
  table.setHealthy(stage.add("sick"), false);
  table.setEjectionState(stage.add("out"), "ejected");
  const trial = stage.add("trial");
  table.setEjectionState(trial, "probing");
  table.begin(trial);
  table.begin(stage.add("busy", { maxConnections: 1 }));
  stage.add("leaving", { draining: true, weight: 5 });
  stage.add("zero", { weight: 0 });
  const sickAndDraining = stage.add("both", { draining: true });
  table.setHealthy(sickAndDraining, false);
  stage.pick([tried]);
  assertEquals(keeper.verdicts, {
    free: "chosen",
    tried: "tried already by this request",
    sick: "unhealthy, and healthy ones are preferred",
    out: "ejected, and others are preferred",
    trial: "probing, with a request in flight",
    busy: "works on 1 of 1 requests",
    leaving: "draining",
    zero: "weight 0",
    both: "draining",
  });
  const { candidates, reason, attempt } = keeper.decisions[0]!;
  assertEquals([reason, attempt], ["the only server that can take it", 2]);
  assertEquals(candidates.map(({ name, state }) => `${name} ${state}`), [
    "free up",
    "tried up",
    "sick unhealthy",
    "out ejected",
    "trial on_trial",
    "busy up",
    "leaving draining",
    "zero up",
    "both draining",
  ]);
});

Deno.test("Picker.pick() reports each server as it was before the pick", () => {
  const stage = new Stage();
  const { table, keeper } = stage;
  const [one, two] = [stage.add("one", { weight: 5 }), stage.add("two")];
  for (let i = 0; i < 2; i++) table.begin(one);
  table.begin(two);
  table.setShare(two, 0.5);
  stage.pick();
  assertEquals(keeper.decisions[0]!.candidates, [
    {
      url: "http://one",
      name: "one",
      state: "up",
      weight: 5,
      active: 2,
      key: "(2 + 1) / 5 = 0.6",
      code: "chosen",
      verdict: "chosen",
    },
    {
      url: "http://two",
      name: "two",
      state: "up",
      weight: 0.5,
      active: 1,
      key: "(1 + 1) / 0.5 = 4",
      code: "larger_key",
      verdict: "larger key: 4 > 0.6",
    },
  ]);
  assertEquals(table.active(one), 3);
});

Deno.test("Picker.pick() says that no healthy server is left if it picks another one", () => {
  const stage = new Stage();
  const { table, keeper } = stage;
  table.setHealthy(stage.add("one"), false);
  const two = stage.add("two");
  table.setEjectionState(two, "ejected");
  table.begin(two);
  stage.pick();
  assertEquals(
    keeper.decisions[0]!.reason,
    "no healthy server can take it; the only idle server",
  );
  assertEquals(keeper.verdicts, { one: "chosen", two: "larger key: 2 > 0" });
});

Deno.test("Picker.pick() explains why there is no server for a request", () => {
  const stage = new Stage();
  assertEquals(stage.pick(), undefined);
  stage.add("zero", { weight: 0 });
  assertEquals(stage.pick([stage.add("tried")]), undefined);
  assertEquals(stage.keeper.decisions.map(({ chosen, reason }) => [chosen, reason]), [
    [undefined, "there is no server"],
    [undefined, "no server can take it"],
  ]);
  assertEquals(stage.keeper.verdicts, { tried: "tried already by this request", zero: "weight 0" });
});

Deno.test("Picker.pick() records nothing for a request that has to be queued", () => {
  const stage = new Stage();
  stage.table.begin(stage.add("busy", { maxConnections: 1 }));
  assertEquals(stage.pick(), "full");
  assertEquals(stage.keeper.decisions, []);
});

Deno.test("Picker.pick() lists 32 servers: the closest ones, and some ineligible ones", () => {
  const stage = new Stage();
  for (let i = 0; i < 1000; i++) {
    const slot = stage.add(`up${i}`);
    for (let active = 0; active < 1000 - i; active++) stage.table.begin(slot);
  }
  for (let i = 0; i < 1000; i++) stage.add(`out${i}`, { draining: true });
  const tried = stage.add("tried");
  stage.pick([tried]);
  const { candidates, omitted } = stage.keeper.decisions[0]!;
  const names = candidates.map(({ name }) => name);
  assertEquals(omitted, 2001 - 32);
  assertEquals(names.slice(0, 24), Array.from({ length: 24 }, (_, i) => `up${999 - i}`));
  assertEquals(names.slice(24), ["tried", ...Array.from({ length: 7 }, (_, i) => `out${i}`)]);
});

Deno.test("Picker.pick() lists 32 ineligible servers if there are few candidates", () => {
  const stage = new Stage();
  stage.add("up");
  for (let i = 0; i < 100; i++) stage.add(`out${i}`, { draining: true });
  stage.pick();
  const { candidates, omitted } = stage.keeper.decisions[0]!;
  assertEquals([candidates.length, omitted], [32, 69]);
  assertEquals(candidates[0]!.name, "up");
});

Deno.test("Picker.pick() lists the picked server first, whatever the policy's ranking", () => {
  const stage = new Stage({
    pick: ({ slots }) => slots[1]!,
    explain: ({ slots }) => () => ({
      ranking: [...slots.subarray(0, 3)],
      note: (slot) => ({ key: undefined, verdict: `said of ${slot}` }),
    }),
  });
  for (const name of ["a", "b", "c"]) stage.add(name);
  stage.pick();
  const { candidates, reason, chosen } = stage.keeper.decisions[0]!;
  assertEquals([reason, chosen], ["said of 1", "http://b"]);
  assertEquals(candidates.map(({ name }) => name), ["b", "a", "c"]);
});

Deno.test("Picker.pick() explains a policy without explanations", () => {
  const stage = new Stage({ pick: ({ slots }) => slots[0]! });
  for (const name of ["a", "b"]) stage.add(name);
  stage.pick();
  assertEquals(stage.keeper.decisions[0]!.reason, "chosen by the policy");
  assertEquals(stage.keeper.verdicts, { a: "chosen", b: "not chosen by the policy" });
});

Deno.test("Picker.pick() logs each pick in a line with the keys of up to eight servers", async () => {
  await using log = await LogWatcher.start();
  const stage = new Stage();
  stage.add("one");
  stage.add("two", { weight: 0 });
  stage.pick();
  assertEquals(log.lines, [
    "Picked http://one of 1 (1 active): the only server that can take it: " +
    "http://one idle: 0 (chosen), http://two (weight 0)",
  ]);
  for (let i = 0; i < 98; i++) stage.add(`more${i}`);
  stage.pick();
  assertStringIncludes(log.lines[1]!, ", and 92 more");
  assert(log.lines[1]!.length < 700, `${log.lines[1]!.length}`);
});
