import { assertEquals } from "@std/assert";
import type { LookupOutcome } from "../../src/discovery/dns_lookup.ts";
import { afterLookup, INITIAL_STATE, type LookupState } from "../../src/discovery/dns_schedule.ts";

const ONE = [{ address: "10.0.0.1", port: undefined, weight: 1, source: "a" }];

function found(ttl: number, problem?: string): LookupOutcome {
  return { type: "found", found: ONE, ttl, problem };
}

const EMPTY: LookupOutcome = { type: "empty", why: "no such name" };
const FAILED: LookupOutcome = { type: "failed", why: "SERVFAIL" };

Deno.test("afterLookup() looks up again when an answer runs out, within 1 and 300 seconds", () => {
  for (const [ttl, wait] of [[0, 1], [1, 1], [5, 5], [300, 300], [86_400, 300]] as const) {
    assertEquals(afterLookup(INITIAL_STATE, found(ttl), 0), {
      state: { ...INITIAL_STATE, found: ONE },
      wait,
    });
  }
  const { state, wait } = afterLookup(INITIAL_STATE, found(60, "AAAA: SERVFAIL"), 0);
  assertEquals([state.error, wait], ["AAAA: SERVFAIL", 5]);
});

Deno.test("afterLookup() keeps what is known while lookups fail, ever longer apart", () => {
  let { state } = afterLookup(INITIAL_STATE, found(5), 0);
  const waits: number[] = [];
  for (let failures = 1; failures <= 7; failures++) {
    const next = afterLookup(state, FAILED, 1000);
    waits.push(next.wait);
    state = next.state;
    assertEquals(state, { found: ONE, error: "SERVFAIL", failures, empty: undefined });
  }
  assertEquals(waits, [1, 2, 4, 8, 16, 30, 30]);
  assertEquals(afterLookup({ ...state, failures: 5000 }, FAILED, 0).wait, 30);
  assertEquals(afterLookup(state, found(5), 0).state.failures, 0);
});

Deno.test("afterLookup() believes that there is nothing after 30 s and three answers that say so", () => {
  const start: LookupState = afterLookup(INITIAL_STATE, found(5), 0).state;
  const steps: [time: number, outcome: LookupOutcome, count: number][] = [
    [10_000, EMPTY, 1],
    [15_000, EMPTY, 1],
    [39_999, FAILED, 1],
    [39_999, EMPTY, 1],
    [40_000, EMPTY, 0],
    [41_000, EMPTY, 0],
  ];
  let state = start;
  for (const [time, outcome, count] of steps) {
    ({ state } = afterLookup(state, outcome, time));
    assertEquals(state.found.length, count, `at ${time}`);
  }
  // Time alone is not enough.
  state = afterLookup(start, EMPTY, 0).state;
  state = afterLookup(state, EMPTY, 60_000).state;
  assertEquals([state.found.length, state.error], [1, "no such name"]);
  assertEquals(afterLookup(state, EMPTY, 60_001), {
    state: { found: [], error: "no such name", failures: 0, empty: { answers: 3, since: 0 } },
    wait: 5,
  });
  // An address in between begins it anew.
  state = afterLookup(state, found(5), 61_000).state;
  assertEquals(afterLookup(state, EMPTY, 90_000).state.found.length, 1);
});
