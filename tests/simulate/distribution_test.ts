import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  type Distribution,
  type DistributionInit,
  makeDistribution,
  recorded,
} from "../../src/simulate/distribution.ts";
import { RandomStreams } from "../../src/simulate/random.ts";

/** Samples of a distribution, in ascending order. */
function draw(distribution: Distribution, count = 400_000): Float64Array {
  const random = new RandomStreams(1).stream();
  return Float64Array.from(
    { length: count },
    () => distribution.sample(random.next(), random.next()),
  ).sort();
}

function meanOf(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

Deno.test("makeDistribution() has the mean and the quantiles of each distribution", () => {
  const mean = 0.05;
  const cases: [init: DistributionInit, median: number, p99: number][] = [
    [{ distribution: "constant", mean }, 50, 50],
    [{ distribution: "exponential", mean }, 50 * Math.log(2), 50 * Math.log(100)],
    // The 99th percentile of the normal distribution is 2.3263 standard deviations above its mean.
    [
      { distribution: "lognormal", mean, variation: 1 },
      50 / Math.SQRT2,
      50 / Math.SQRT2 * Math.exp(2.3263 * Math.sqrt(Math.LN2)),
    ],
    [
      { distribution: "pareto", mean, shape: 3 },
      50 * 2 / 3 * 2 ** (1 / 3),
      50 * 2 / 3 * 100 ** (1 / 3),
    ],
  ];
  for (const [init, median, p99] of cases) {
    const distribution = makeDistribution(init);
    assertEquals(distribution.mean, 50);
    const numbers = draw(distribution);
    assertAlmostEquals(meanOf(numbers), 50, 0.5, init.distribution);
    assertAlmostEquals(numbers[numbers.length / 2]!, median, median / 100);
    assertAlmostEquals(numbers[numbers.length * 0.99]!, p99, p99 / 50);
  }
});

Deno.test("recorded() returns each of the times equally often", () => {
  const distribution = recorded([40, 10, 10, 20]);
  assertEquals(distribution.mean, 20);
  const numbers = draw(distribution, 100_000);
  assertEquals(new Set(numbers), new Set([10, 20, 40]));
  assertAlmostEquals(numbers.filter((number) => number === 10).length, 50_000, 800);
});

Deno.test("RandomStreams.stream() returns the same numbers for the same seed only", () => {
  function take(seed: number, stream: number): number[] {
    const streams = new RandomStreams(seed);
    for (let i = 0; i < stream; i++) streams.stream();
    const random = streams.stream();
    return Array.from({ length: 4 }, random.next);
  }
  assertEquals(take(3, 1), take(3, 1));
  const firsts = [take(3, 0), take(3, 1), take(4, 0)].map((numbers) => numbers[0]);
  assertEquals(new Set(firsts).size, 3);
});
