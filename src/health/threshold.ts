/** Number of consecutive checks that change a server's health. */
export interface Threshold {
  /** Passed checks in a row that make an unhealthy server healthy, at least 1. */
  readonly rise: number;
  /** Failed checks in a row that make a healthy server unhealthy, at least 1. */
  readonly fall: number;
}

/** Health of a server. */
export interface Health {
  /** Whether the server is healthy. */
  readonly healthy: boolean;
  /** Number of consecutive checks with the opposite result. */
  readonly streak: number;
}

/** Health of a server that has never been checked: it is trusted until a check fails. */
export const UNCHECKED: Health = { healthy: true, streak: 0 };

/**
 * The health of a server after one more check (HAProxy's `rise` and `fall`).
 *
 * @param health The previous health.
 * @param passed Whether the check passed.
 * @param threshold The numbers of consecutive checks that change it.
 */
export function nextHealth(health: Health, passed: boolean, threshold: Threshold): Health {
  if (passed === health.healthy) return { healthy: health.healthy, streak: 0 };
  const streak = health.streak + 1;
  const needed = passed ? threshold.rise : threshold.fall;
  return streak >= needed ? { healthy: passed, streak: 0 } : { healthy: health.healthy, streak };
}
