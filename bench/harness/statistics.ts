/** A series of values in short: what the reports show of the rounds. */
export interface Summary {
  /** The median. */
  readonly median: number;
  /** The smallest value. */
  readonly min: number;
  /** The largest value. */
  readonly max: number;
}

/**
 * The middle value; between two, their mean.
 *
 * @param values At least one.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median and the spread.
 *
 * @param values At least one.
 */
export function summarize(values: readonly number[]): Summary {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The middle of a series and of its halves: half of the values are from `lower` to `upper`. */
export interface Quartiles {
  /** The first quartile. */
  readonly lower: number;
  /** The median. */
  readonly median: number;
  /** The third quartile. */
  readonly upper: number;
}

/**
 * How much of `references` the `values` are: the quartiles of the ratios round by round. What disturbs
 * the machine for a while disturbs both sides of a ratio, so it is steadier than the ratio of the
 * medians.
 *
 * @param values One a round; NaN where the round failed.
 * @param references One a round, from the same rounds.
 * @returns Undefined when no round has both.
 */
export function ratioQuartiles(
  values: readonly number[],
  references: readonly number[],
): Quartiles | undefined {
  const ratios = values.map((value, round) => value / (references[round] ?? NaN))
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b);
  if (ratios.length === 0) return undefined;
  const half = Math.ceil(ratios.length / 2);
  return {
    lower: median(ratios.slice(0, half)),
    median: median(ratios),
    upper: median(ratios.slice(-half)),
  };
}
