import { assertEquals } from "@std/assert";
import type { LookupOutcome } from "../../src/discovery/dns_lookup.ts";
import { type Knowledge, learn, NOTHING_KNOWN } from "../../src/discovery/dns_schedule.ts";

const ONE = [{ address: "10.0.0.1", port: undefined, weight: 1, source: "a" }];

function found(ttl: number, problem?: string): LookupOutcome {
  return { type: "found", found: ONE, ttl, problem };
}

const EMPTY: LookupOutcome = { type: "empty", why: "no such name" };
const FAILED: LookupOutcome = { type: "failed", why: "SERVFAIL" };

Deno.test("learn() looks up again when an answer runs out, within 1 and 300 seconds", () => {
  for (const [ttl, wait] of [[0, 1], [1, 1], [5, 5], [300, 300], [86_400, 300]] as const) {
    assertEquals(learn(NOTHING_KNOWN, found(ttl), 0), {
      knowledge: { ...NOTHING_KNOWN, found: ONE },
      wait,
    });
  }
  const { knowledge, wait } = learn(NOTHING_KNOWN, found(60, "AAAA: SERVFAIL"), 0);
  assertEquals([knowledge.error, wait], ["AAAA: SERVFAIL", 5]);
});

Deno.test("learn() keeps what is known while lookups fail, ever longer apart", () => {
  let { knowledge } = learn(NOTHING_KNOWN, found(5), 0);
  const waits: number[] = [];
  for (let failures = 1; failures <= 7; failures++) {
    const next = learn(knowledge, FAILED, 1000);
    waits.push(next.wait);
    knowledge = next.knowledge;
    assertEquals(knowledge, { found: ONE, error: "SERVFAIL", failures, empty: undefined });
  }
  assertEquals(waits, [1, 2, 4, 8, 16, 30, 30]);
  assertEquals(learn({ ...knowledge, failures: 5000 }, FAILED, 0).wait, 30);
  assertEquals(learn(knowledge, found(5), 0).knowledge.failures, 0);
});

Deno.test("learn() believes that there is nothing after 30 s and three answers that say so", () => {
  const start: Knowledge = learn(NOTHING_KNOWN, found(5), 0).knowledge;
  const steps: [time: number, outcome: LookupOutcome, count: number][] = [
    [10_000, EMPTY, 1],
    [15_000, EMPTY, 1],
    [39_999, FAILED, 1],
    [39_999, EMPTY, 1],
    [40_000, EMPTY, 0],
    [41_000, EMPTY, 0],
  ];
  let knowledge = start;
  for (const [time, outcome, count] of steps) {
    ({ knowledge } = learn(knowledge, outcome, time));
    assertEquals(knowledge.found.length, count, `at ${time}`);
  }
  // Time alone is not enough.
  knowledge = learn(start, EMPTY, 0).knowledge;
  knowledge = learn(knowledge, EMPTY, 60_000).knowledge;
  assertEquals([knowledge.found.length, knowledge.error], [1, "no such name"]);
  assertEquals(learn(knowledge, EMPTY, 60_001), {
    knowledge: { found: [], error: "no such name", failures: 0, empty: { answers: 3, since: 0 } },
    wait: 5,
  });
  // An address in between begins it anew.
  knowledge = learn(knowledge, found(5), 61_000).knowledge;
  assertEquals(learn(knowledge, EMPTY, 90_000).knowledge.found.length, 1);
});
