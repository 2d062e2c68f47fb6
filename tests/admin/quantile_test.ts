import { assertAlmostEquals, assertEquals } from "@std/assert";
import { quantile } from "../../src/admin/quantile.ts";
import { LATENCY_BOUNDS } from "../../src/state/traffic_table.ts";

/** The counts of all buckets, of which some are given by their upper bound in seconds. */
function buckets(counts: Record<string, number>): number[] {
  return [...LATENCY_BOUNDS, Infinity].map((bound) => counts[bound] ?? 0);
}

Deno.test("quantile() is undefined where there were no requests", () => {
  assertEquals(quantile(buckets({}), 0.5), undefined);
  assertEquals(quantile([], 0.99), undefined);
});

Deno.test("quantile() spreads the requests of a bucket evenly", () => {
  const one = buckets({ 0.005: 100 });
  assertAlmostEquals(quantile(one, 0.5)!, 3.75);
  assertAlmostEquals(quantile(one, 0.99)!, 4.975);
  assertAlmostEquals(quantile(one, 1)!, 5);
  assertAlmostEquals(quantile(buckets({ 0.001: 10 }), 0.5)!, 0.5);
});

Deno.test("quantile() goes through the buckets, empty ones too", () => {
  const counts = buckets({ 0.001: 50, 0.1: 40, 1: 10 });
  assertAlmostEquals(quantile(counts, 0.5)!, 1);
  assertAlmostEquals(quantile(counts, 0.7)!, 75);
  assertAlmostEquals(quantile(counts, 0.99)!, 950);
  assertAlmostEquals(quantile(buckets({ 10: 3 }), 0)!, 5000);
});

Deno.test("quantile() is the largest bound for what took longer", () => {
  assertEquals(quantile(buckets({ Infinity: 1 }), 0.5), 60_000);
  assertEquals(quantile(buckets({ 0.001: 1, Infinity: 99 }), 0.99), 60_000);
});
