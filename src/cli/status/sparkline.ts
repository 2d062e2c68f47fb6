const BARS = "▁▂▃▄▅▆▇█";

/**
 * Numbers as a row of bars, one column each. The highest bar is the largest number.
 *
 * @param numbers The numbers, 0 or more.
 */
export function sparkline(numbers: readonly number[]): string {
  const largest = Math.max(...numbers, 0);
  return numbers.map((number) => {
    const height = largest === 0 ? 0 : number / largest * BARS.length;
    return BARS[Math.min(BARS.length - 1, Math.max(0, Math.ceil(height) - 1))];
  }).join("");
}
