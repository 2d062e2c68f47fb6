import { LATENCY_BOUNDS } from "../state/traffic_table.ts";

/**
 * The time within which a share of the requests was over, by the counts of the latency buckets. Within
 * a bucket the requests are taken to be spread evenly, as Prometheus does (`histogram_quantile`).
 *
 * @param buckets How many requests fell into each bucket.
 * @param share The share, 0 to 1; 0.5 is the median.
 * @returns Milliseconds; undefined if there were no requests, and the largest bound for those above.
 */
export function quantile(buckets: readonly number[], share: number): number | undefined {
  const count = buckets.reduce((sum, bucket) => sum + bucket, 0);
  if (count === 0) return undefined;
  const rank = count * share;
  let below = 0;
  for (const [i, upper] of LATENCY_BOUNDS.entries()) {
    const bucket = buckets[i]!;
    if (bucket > 0 && below + bucket >= rank) {
      const lower = LATENCY_BOUNDS[i - 1] ?? 0;
      return (lower + (upper - lower) * (rank - below) / bucket) * 1000;
    }
    below += bucket;
  }
  return LATENCY_BOUNDS.at(-1)! * 1000;
}
