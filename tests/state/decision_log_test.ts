import { assertEquals, assertThrows } from "@std/assert";
import type { CandidateCode } from "../../src/model/decision_code.ts";
import type { DecisionNews } from "../../src/model/decision.ts";
import type { ServerState } from "../../src/model/server_state.ts";
import { DecisionLog } from "../../src/state/decision_log.ts";
import { BalancerError } from "../../src/model/errors.ts";

/** A decision for a request to this path. */
function news(
  path: string,
  state: ServerState = "up",
  code: CandidateCode = "chosen",
): DecisionNews {
  return {
    at: new Date(0),
    request: { id: undefined, method: "GET", path, client: undefined },
    attempt: 1,
    policy: "least_connections",
    chosen: "http://a",
    code: "policy",
    reason: "the only server that can take it",
    candidates: [
      {
        ...{ url: "http://a", name: "a", state, weight: 1, active: 0, key: undefined, code },
        verdict: `said of ${code}`,
      },
    ],
    omitted: 0,
  };
}

function addAll(log: DecisionLog, from: number, to: number): void {
  for (let number = from; number <= to; number++) log.add(news(`/${number}`));
}

/** The numbers of decisions, which are in their paths as well. */
function numbers(decisions: readonly { number: number; request: { path: string } }[]): number[] {
  for (const { number, request } of decisions) assertEquals(request.path, `/${number}`);
  return decisions.map(({ number }) => number);
}

Deno.test("DecisionLog keeps nothing by default", () => {
  const log = new DecisionLog();
  addAll(log, 1, 3);
  log.skip();
  assertEquals([log.recording, log.kept, log.count, log.skipped], [false, 0, 0, 0]);
  assertEquals(log.latest(), []);
  assertEquals(log.after(0), []);
});

Deno.test("DecisionLog keeps the latest decisions, and returns those after a number", () => {
  const log = new DecisionLog({ keep: 3 });
  addAll(log, 1, 2);
  assertEquals(numbers(log.latest()), [1, 2]);
  addAll(log, 3, 8);
  assertEquals(numbers(log.latest()), [6, 7, 8]);
  assertEquals(numbers(log.latest(2)), [7, 8]);
  assertEquals(numbers(log.latest(100)), [6, 7, 8]);
  assertEquals(numbers(log.after(0)), [6, 7, 8]);
  assertEquals(numbers(log.after(6)), [7, 8]);
  assertEquals(numbers(log.after(6, 1)), [7]);
  for (const number of [8, 9, 1e9]) assertEquals(log.after(number), []);
  assertEquals(log.count, 8);
});

Deno.test("DecisionLog.keep() keeps as many as fit, and drops all at 0", () => {
  const log = new DecisionLog({ keep: 4 });
  addAll(log, 1, 6);
  log.keep(2);
  assertEquals(numbers(log.latest()), [5, 6]);
  log.keep(5);
  addAll(log, 7, 8);
  assertEquals(numbers(log.latest()), [5, 6, 7, 8]);
  log.skip(3);
  assertEquals(log.skipped, 3);
  log.keep(0);
  assertEquals([log.latest(), log.skipped, log.recording], [[], 0, false]);
  log.keep(5);
  assertEquals(log.latest(), []);
  // Numbers continue, so that followers see no decision twice.
  addAll(log, 9, 9);
  assertEquals(numbers(log.after(8)), [9]);
});

Deno.test("DecisionLog.keep() rejects an invalid number, and changes nothing", () => {
  const log = new DecisionLog({ keep: 2 });
  addAll(log, 1, 2);
  for (const count of [-1, 1.5, NaN, Infinity, 10_001, "5" as unknown as number]) {
    const error = assertThrows(() => log.keep(count), BalancerError, "Cannot keep");
    assertEquals(error.code, "invalid");
  }
  assertEquals(numbers(log.latest()), [1, 2]);
});

Deno.test("DecisionLog notifies listeners of decisions, and of starts and stops", () => {
  const log = new DecisionLog();
  const heard: unknown[] = [];
  const end = log.subscribe(({ number }) => heard.push(number));
  const endSwitch = log.onSwitch((recording) => heard.push(recording));
  log.keep(2);
  log.keep(3);
  addAll(log, 1, 2);
  log.keep(0);
  end();
  endSwitch();
  log.keep(1);
  log.add(news("/3"));
  assertEquals(heard, [true, 1, 2, false]);
});

Deno.test("DecisionLog includes the end of an ejection", () => {
  const log = new DecisionLog({
    keep: 9,
    ejectedUntil: (url) => url === "http://a" ? new Date("2026-01-02T12:00:10.7Z") : undefined,
  });
  log.add(news("/1", "ejected", "ejected"));
  log.add(news("/2", "ejected", "tried"));
  log.add(news("/3", "unhealthy", "unhealthy"));
  assertEquals(log.latest().map(({ candidates }) => candidates[0]!.verdict), [
    "ejected until 12:00:10 UTC, and others are preferred",
    "said of tried",
    "said of unhealthy",
  ]);
});
