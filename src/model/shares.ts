import type { ServerStatus } from "./server_status.ts";

/**
 * Predicts the share of the requests that each server gets, 0 to 1: its weight among the eligible
 * servers that are healthy and not ejected, or among the others if there are none. Under load and
 * over many requests, every policy converges to it, except `client_hash` with few clients.
 *
 * @param servers The servers with their status.
 * @returns The shares, in the servers' order; all 0 if no server takes requests.
 */
export function predictShares(servers: readonly ServerStatus[]): number[] {
  const available = servers.map(({ draining, weight }) => !draining && weight > 0);
  const trusted = servers.map(({ healthy, ejection }, i) =>
    available[i]! && healthy && (ejection === undefined || ejection.onTrial)
  );
  const chosen = trusted.includes(true) ? trusted : available;
  const weights = servers.map(({ weight }, i) => chosen[i] ? weight : 0);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => sum === 0 ? 0 : weight / sum);
}
