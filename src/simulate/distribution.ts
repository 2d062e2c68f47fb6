/**
 * Distribution of service times. A request gets two random numbers on arrival, from which each server
 * makes a time: a large request is large at every server, and every policy gets the same requests.
 */
export interface Distribution {
  /** The mean, in milliseconds. */
  readonly mean: number;
  /**
   * Service time of one request, in milliseconds.
   *
   * @param u Uniform random number between 0 and 1, both excluded.
   * @param v Second such number, for distributions that need two.
   */
  sample(u: number, v: number): number;
}

/** A distribution in a workload; times in seconds. */
export type DistributionInit =
  | { readonly distribution: "constant" | "exponential"; readonly mean: number }
  | { readonly distribution: "lognormal"; readonly mean: number; readonly variation: number }
  | { readonly distribution: "pareto"; readonly mean: number; readonly shape: number };

/** Makes the distribution that a workload describes. */
export function makeDistribution(init: DistributionInit): Distribution {
  const mean = init.mean * 1000;
  switch (init.distribution) {
    case "constant":
      return { mean, sample: () => mean };
    case "exponential":
      return { mean, sample: (u) => -Math.log(u) * mean };
    case "lognormal":
      return lognormal(mean, init.variation);
    case "pareto":
      return pareto(mean, init.shape);
  }
}

/**
 * Empirical distribution of recorded times, each equally likely.
 *
 * @param times At least one time, in milliseconds.
 */
export function recorded(times: readonly number[]): Distribution {
  const sorted = Float64Array.from(times).sort();
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  return { mean, sample: (u) => sorted[Math.floor(u * sorted.length)]! };
}

/**
 * Log-normal distribution, by the Box–Muller transform.
 *
 * @param mean The mean, in milliseconds.
 * @param variation Standard deviation divided by the mean.
 */
function lognormal(mean: number, variation: number): Distribution {
  const variance = Math.log1p(variation ** 2);
  const deviation = Math.sqrt(variance);
  const median = mean * Math.exp(-variance / 2);
  function sample(u: number, v: number): number {
    const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    return median * Math.exp(deviation * normal);
  }
  return { mean, sample };
}

/**
 * Pareto distribution: most requests are short, and a few take very long.
 *
 * @param mean The mean, in milliseconds.
 * @param shape Shape, above 1; the smaller, the heavier the tail.
 */
function pareto(mean: number, shape: number): Distribution {
  const shortest = mean * (shape - 1) / shape;
  return { mean, sample: (u) => shortest * u ** (-1 / shape) };
}
