import { assert } from "@std/assert";
import { type CheckingBalancer, CheckingCluster } from "../testing/checking_cluster.ts";

/** The balancers of a cluster that a test says nothing else of. */
export const IDS: readonly string[] = ["ballast-1", "ballast-2", "ballast-3"];
/** How long it takes at most until all know what one has found, in milliseconds. */
export const TELLING = 110;

/** How long it takes until a check that found a server unhealthy is repeated, in milliseconds. */
export const REPEATING = 500;

/** A cluster that has settled: each server was checked several times. */
export interface StartedCluster {
  readonly cluster: CheckingCluster;
  readonly urls: string[];
  readonly all: CheckingBalancer[];
}

/** Starts balancers that share the checks of servers, and lets half a minute pass. */
export async function start(
  options: { ids?: readonly string[]; servers?: number; check?: { rise?: number; fall?: number } },
): Promise<StartedCluster> {
  const cluster = new CheckingCluster(options.check);
  for (const id of options.ids ?? IDS) await cluster.join(id);
  const urls = cluster.add(options.servers ?? 90);
  await cluster.clock.advance(30_000);
  return { cluster, urls, all: [...cluster.balancers.values()] };
}

/** How many probes a second it takes to check so many servers every 10 s, which is 9 s on average. */
export function rate(servers: number): number {
  return servers / 9;
}

/** Asserts that there were as many probes as chance would have it. */
export function assertRate(probes: number, expected: number): void {
  assert(Math.abs(probes - expected) < expected * 0.05, `${probes} probes; ${expected} expected`);
}
