/** The eighths of a column, from the least to all of it. */
const EIGHTHS = "▏▎▍▌▋▊▉█";
const STEPS = "▁▂▃▄▅▆▇█";

/**
 * A bar for a terminal, to an eighth of a column.
 *
 * @param share How much of the width it takes, 0 to 1. What is more than nothing is seen.
 * @param width How many columns the longest bar takes.
 */
export function bar(share: number, width: number): string {
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(share * width * 8));
  const full = "█".repeat(Math.floor(eighths / 8));
  return eighths % 8 === 0 ? full : full + EIGHTHS[eighths % 8 - 1];
}

/**
 * How numbers are spread between two bounds, as columns of which the highest has the most of them.
 *
 * @param numbers The numbers.
 * @param bounds The lowest and the highest that there can be, and how many columns.
 */
export function spreadChart(
  numbers: readonly number[],
  { low, high, width }: { low: number; high: number; width: number },
): string {
  const counts = new Array<number>(width).fill(0);
  for (const number of numbers) {
    const at = high === low ? 0 : Math.floor((number - low) / (high - low) * width);
    counts[Math.min(width - 1, at)]! += 1;
  }
  const most = Math.max(...counts);
  return counts.map((count) =>
    count === 0 ? "·" : STEPS[Math.ceil(count / most * STEPS.length) - 1]
  ).join("");
}
