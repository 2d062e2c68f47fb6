import { assertEquals } from "@std/assert";
import { Registry } from "../../src/state/registry.ts";
import { StateTable } from "../../src/state/state_table.ts";
import { LeastConnections } from "../../src/policies/least_connections.ts";
import { DecisionRecorder, type RecordedRequest } from "../../src/proxy/decision_recorder.ts";
import { Picker } from "../../src/proxy/picker.ts";
import { RequestRecord } from "../../src/proxy/request_record.ts";
import { DecisionKeeper } from "../testing/decision_keeper.ts";
import { FakeClock } from "../testing/fake_clock.ts";

/** Records picks among some servers, on a clock that is stopped. */
class Recording {
  readonly clock = new FakeClock();
  readonly keeper = new DecisionKeeper();
  readonly recorder = new DecisionRecorder({
    date: () => this.clock.date(),
    policy: "least_connections",
    sink: this.keeper,
  });
  readonly table: StateTable;
  readonly registry: Registry;
  readonly picker: Picker;

  constructor(servers: number) {
    this.table = new StateTable(servers + 1);
    this.registry = new Registry(this.table);
    for (let i = 0; i < servers; i++) this.registry.add({ url: `http://s${i}` });
    this.picker = new Picker({
      registry: this.registry,
      table: this.table,
      policy: new LeastConnections(),
      recorder: this.recorder,
    });
  }

  /** Handles a request as the dispatcher does. */
  pick(target = "/", record?: RequestRecord): void {
    if (!this.recorder.recording) return;
    const recorded = this.recorder.admit(this.clock.now())
      ? this.request(target, record)
      : undefined;
    this.picker.pick([], { clientAddress: "10.0.0.1" }, recorded);
  }

  request(target: string, record?: RequestRecord): RecordedRequest {
    return { request: { method: "GET", target }, clientAddress: "10.0.0.1", record };
  }

  pickMany(count: number): void {
    for (let i = 0; i < count; i++) this.pick();
  }
}

Deno.test("DecisionRecorder records the request without its query", () => {
  const recording = new Recording(2);
  recording.pick("/orders/5?token=secret?x");
  const { candidates: _, ...decision } = recording.keeper.decisions[0]!;
  assertEquals(decision, {
    at: new Date("2026-01-01T00:00:00Z"),
    request: { id: undefined, method: "GET", path: "/orders/5", client: "10.0.0.1" },
    attempt: 1,
    policy: "least_connections",
    chosen: "http://s0",
    code: "policy",
    reason: "idle, tied with 1 other; next in the weighted rotation",
    omitted: 0,
  });
});

Deno.test("DecisionRecorder truncates long paths, and records the number of the request", () => {
  const recording = new Recording(1);
  const record = new RequestRecord(new Request("http://localhost/"), recording.clock);
  record.id = "abc";
  recording.pick(`/${"a".repeat(5000)}?b`, record);
  const { id, path } = recording.keeper.decisions[0]!.request;
  assertEquals([id, path], ["abc", `/${"a".repeat(254)}…`]);
});

Deno.test("DecisionRecorder records two hundred decisions a second, and counts the others", async () => {
  const recording = new Recording(3);
  const { keeper, clock } = recording;
  recording.pickMany(1000);
  // Three servers cost a little as well.
  assertEquals([keeper.decisions.length, keeper.skipped], [194, 806]);
  await clock.advance(500);
  recording.pickMany(1000);
  assertEquals([keeper.decisions.length, keeper.skipped], [291, 1709]);
  // An hour without requests does not allow more than a second's worth at once.
  await clock.advance(3_600_000);
  recording.pickMany(1000);
  assertEquals(keeper.decisions.length, 485);
});

Deno.test("DecisionRecorder records fewer decisions if there are thousands of servers", () => {
  const recording = new Recording(5000);
  recording.pickMany(1000);
  assertEquals(recording.keeper.decisions.length, 4);
});

Deno.test("DecisionRecorder records further attempts of a request whose first one it recorded", () => {
  const recording = new Recording(3);
  const { recorder, picker, keeper } = recording;
  assertEquals(recorder.admit(0), true);
  const request = recording.request("/begun");
  recording.pickMany(1000);
  picker.pick([0], { clientAddress: undefined }, request);
  const { attempt, request: { path } } = keeper.decisions.at(-1)!;
  assertEquals([attempt, path], [2, "/begun"]);
  assertEquals(keeper.verdicts.s0, "tried already by this request");
});

Deno.test("DecisionRecorder records nothing while decisions are not wanted", () => {
  const recording = new Recording(1);
  const { recorder, keeper, picker } = recording;
  keeper.recording = false;
  assertEquals(recorder.recording, false);
  // It was turned off while a request was queued.
  picker.pick([], { clientAddress: undefined }, recording.request("/"));
  assertEquals(keeper.decisions, []);
});
