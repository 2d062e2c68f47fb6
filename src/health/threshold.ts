/** How many checks in a row it takes to change a server's health. */
export interface Threshold {
  /** Passed checks in a row that make an unhealthy server healthy, at least 1. */
  readonly rise: number;
  /** Failed checks in a row that make a healthy server unhealthy, at least 1. */
  readonly fall: number;
}

/** A server's health, and what speaks against it. */
export interface Health {
  /** Whether the server counts as healthy. */
  readonly healthy: boolean;
  /** How many of the latest checks in a row had the result that would change that. */
  readonly streak: number;
}

/** The health of a server that was never checked: it is trusted until a check says otherwise. */
export const UNCHECKED: Health = { healthy: true, streak: 0 };

/**
 * A server's health after one more check (HAProxy's `rise` and `fall`).
 *
 * @param health The health before.
 * @param passed Whether the check passed.
 * @param threshold How many in a row it takes.
 */
export function nextHealth(health: Health, passed: boolean, threshold: Threshold): Health {
  if (passed === health.healthy) return { healthy: health.healthy, streak: 0 };
  const streak = health.streak + 1;
  const needed = passed ? threshold.rise : threshold.fall;
  return streak >= needed ? { healthy: passed, streak: 0 } : { healthy: health.healthy, streak };
}
