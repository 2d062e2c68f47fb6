import type { ServerStatus } from "./server_status.ts";

/**
 * The share of the requests that each server gets by what is known now, 0 to 1: its weight among
 * those that take requests and are trusted; among the others where there are none of those. Under
 * load, and over many requests, every policy but `client_hash` with few clients comes to it.
 *
 * @param servers The servers with how they are doing.
 * @returns The shares, in the servers' order; all 0 where no server takes requests.
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
