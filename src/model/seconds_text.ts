/**
 * A duration for people, to the millisecond: `0.05 s`, `3.333 s`.
 *
 * @param seconds The duration in seconds.
 */
export function secondsText(seconds: number): string {
  return `${Number(seconds.toFixed(3))} s`;
}
