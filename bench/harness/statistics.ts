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

/**
 * How much of `references` the `values` are: the median of the ratios round by round. What disturbs
 * the machine for a while disturbs both sides of a ratio, so it is steadier than the ratio of the
 * medians.
 *
 * @param values One a round; NaN where the round failed.
 * @param references One a round, from the same rounds.
 * @returns Undefined when no round has both.
 */
export function medianRatio(
  values: readonly number[],
  references: readonly number[],
): number | undefined {
  const ratios = values.map((value, round) => value / (references[round] ?? NaN))
    .filter(Number.isFinite);
  return ratios.length === 0 ? undefined : median(ratios);
}
