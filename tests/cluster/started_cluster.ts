import { assert } from "@std/assert";
import { type CheckingBalancer, CheckingCluster } from "../testing/checking_cluster.ts";

/** The default balancers of a cluster. */
export const IDS: readonly string[] = ["ballast-1", "ballast-2", "ballast-3"];
/** Maximum time until all balancers have a published result, in milliseconds. */
export const PUBLISHING = 110;

/** Time until a check that found a server unhealthy is repeated, in milliseconds. */
export const CONFIRMING = 500;

/** A settled cluster: each server was checked several times. */
export interface StartedCluster {
  readonly cluster: CheckingCluster;
  readonly urls: string[];
  readonly all: CheckingBalancer[];
}

/** Starts balancers that share their checks, and advances the clock by half a minute. */
export async function start(
  options: { ids?: readonly string[]; servers?: number; check?: { rise?: number; fall?: number } },
): Promise<StartedCluster> {
  const cluster = new CheckingCluster(options.check);
  for (const id of options.ids ?? IDS) await cluster.join(id);
  const urls = cluster.add(options.servers ?? 90);
  await cluster.clock.advance(30_000);
  return { cluster, urls, all: [...cluster.balancers.values()] };
}

/** Probes a second that it takes to check servers every 10 s, which is 9 s on average. */
export function rate(servers: number): number {
  return servers / 9;
}

/** Asserts that the number of probes is as expected, give or take 5 %. */
export function assertRate(probes: number, expected: number): void {
  assert(Math.abs(probes - expected) < expected * 0.05, `${probes} probes; ${expected} expected`);
}
