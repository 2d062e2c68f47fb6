import { assert, assertEquals, assertThrows } from "@std/assert";
import { BalancerError } from "../../../src/model/errors.ts";
import {
  basisValue,
  parseBasis,
  parseResults,
  resultsValue,
} from "../../../src/cluster/shared_health/health_value.ts";
import { isMemberId, memberValue, parseMember } from "../../../src/cluster/members/member_store.ts";
import { parseStatus, statusValue } from "../../../src/cluster/members/status_value.ts";

const DATE = new Date("2026-01-02T03:04:05.678Z");
const MEMBER = {
  id: "a1",
  name: "ballast-1",
  version: "1.2.3",
  startedAt: DATE,
  admin: "http://127.0.0.1:8000",
  sharesHealth: true,
};
const STATUS = {
  at: DATE,
  requestsPerSecond: 12.5,
  active: 3,
  servers: 4,
  checks: 2,
  unhealthy: ["http://a"],
  unhealthyCount: 1,
  revision: 17,
};
const BASIS = { check: "cd", servers: "5-ef" };

function down(count: number, detail: string): Parameters<typeof resultsValue>[0] {
  const servers = Array.from({ length: count }, (_, i) => (
    { url: `http://server-${i}.example.com:8080`, detail, since: DATE }
  ));
  return { down: servers, pending: [] };
}

Deno.test("parseMember() reads what memberValue() writes", () => {
  assertEquals(parseMember("a1", memberValue(MEMBER)), MEMBER);
  const silent = { ...MEMBER, admin: undefined };
  assertEquals(parseMember("a1", memberValue(silent)), silent);
});

Deno.test("parseStatus() reads what statusValue() writes, with a truncated list of servers", () => {
  assertEquals(parseStatus(statusValue(STATUS)), STATUS);
  const uncounted = { ...STATUS, requestsPerSecond: undefined };
  assertEquals(parseStatus(statusValue(uncounted)), uncounted);
  const unhealthy = Array.from({ length: 5000 }, (_, i) => `http://${i}`);
  const many = parseStatus(statusValue({ ...STATUS, unhealthy, unhealthyCount: 5000 }));
  assertEquals([many.unhealthy.length, many.unhealthyCount], [200, 5000]);
});

Deno.test("parseBasis() and parseResults() read what basisValue() and resultsValue() write", () => {
  assertEquals(parseBasis(basisValue(BASIS)), BASIS);
  const results = { ...down(2, "refused"), pending: ["http://b"] };
  assertEquals(parseResults(resultsValue(results)), results);
});

Deno.test("resultsValue() leaves out details if it would get too long", () => {
  const clipped = parseResults(resultsValue(down(1, "x".repeat(1000))));
  assertEquals(clipped.down[0]!.detail.length, 200);
  // Every one of ten thousand servers is down.
  const value = resultsValue(down(10_000, "y".repeat(100)));
  assert(value.length <= 1_000_000, String(value.length));
  const short = parseResults(value);
  assertEquals([short.down.length, short.down[9999]!.detail, short.pending], [10_000, "", []]);
  assertEquals(parseResults(resultsValue(down(20_000, ""))), { down: [], pending: "all" });
  const pending = Array.from({ length: 101 }, (_, i) => `http://${i}`);
  assertEquals(parseResults(resultsValue({ down: [], pending })).pending, "many");
  assertEquals(parseResults(resultsValue({ down: [], pending: pending.slice(1) })).pending, [
    ...pending.slice(1),
  ]);
});

Deno.test("an invalid value is rejected with every fault, and unknown fields are accepted", () => {
  const readers = [
    (value: string) => parseMember("a1", value),
    parseStatus,
    parseBasis,
    parseResults,
  ];
  for (const read of readers) {
    for (const value of ["", "{", "null", "[]", "7", '"text"', "{}", '{"down":7,"at":"today"}']) {
      const error = assertThrows(() => read(value), BalancerError, "Cannot use the value: ");
      assertEquals(error.code, "invalid");
    }
  }
  const error = assertThrows(() => parseStatus('{"at":"today","active":-1}'), BalancerError);
  assert(error.faults.length >= 7, error.message);
  const newer = { ...JSON.parse(basisValue(BASIS)), colour: "green" };
  assertEquals(parseBasis(JSON.stringify(newer)), BASIS);
});

Deno.test("isMemberId() accepts what can end a key, and nothing else", () => {
  assertEquals(
    ["a", "0123456789ab", "a-b_c.d", "x".repeat(64)].map(isMemberId),
    Array(4).fill(true),
  );
  const wrong = ["", "a/b", "a b", "ä", "x".repeat(65), "a\n"];
  assertEquals(wrong.map(isMemberId), wrong.map(() => false));
});
