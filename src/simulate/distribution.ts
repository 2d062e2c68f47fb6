/**
 * How long a server works on a request. A request brings two numbers from its arrival on, and each
 * server makes a time of them: so a request that is large is large wherever it goes, and every
 * policy meets the same requests.
 */
export interface Distribution {
  /** What it is on average, in milliseconds. */
  readonly mean: number;
  /**
   * The time, in milliseconds, that one request takes.
   *
   * @param u A number between 0 and 1, both excluded, even over all requests.
   * @param v Another one, for distributions that need two.
   */
  sample(u: number, v: number): number;
}

/** What a workload says of a distribution; times in seconds. */
export type DistributionInit =
  | { readonly distribution: "constant" | "exponential"; readonly mean: number }
  | { readonly distribution: "lognormal"; readonly mean: number; readonly variation: number }
  | { readonly distribution: "pareto"; readonly mean: number; readonly shape: number };

/** Makes a distribution by what a workload says of it. */
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
 * The times that were recorded, each as likely as the others.
 *
 * @param times At least one, in milliseconds.
 */
export function recorded(times: readonly number[]): Distribution {
  const sorted = Float64Array.from(times).sort();
  const mean = sorted.reduce((sum, time) => sum + time, 0) / sorted.length;
  return { mean, sample: (u) => sorted[Math.floor(u * sorted.length)]! };
}

/**
 * Its logarithm is normal. That is made of two numbers by Box and Muller's transform.
 *
 * @param mean In milliseconds.
 * @param variation The standard deviation divided by the mean.
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
 * A power law: most requests are short, and a few take very long.
 *
 * @param mean In milliseconds.
 * @param shape Above 1; the smaller, the longer the longest.
 */
function pareto(mean: number, shape: number): Distribution {
  const shortest = mean * (shape - 1) / shape;
  return { mean, sample: (u) => shortest * u ** (-1 / shape) };
}
