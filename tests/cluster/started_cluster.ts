import { assert } from "@std/assert";
import { type CheckingBalancer, CheckingFleet } from "../testing/checking_fleet.ts";

/** The balancers of a fleet that a test says nothing else of. */
export const IDS: readonly string[] = ["ballast-1", "ballast-2", "ballast-3"];
/** How long it takes at most until all know what one has found, in milliseconds. */
export const TELLING = 110;

/** How long it takes until a check that found a server unhealthy is repeated, in milliseconds. */
export const REPEATING = 500;

/** A fleet that has settled: each server was checked several times. */
export interface StartedFleet {
  readonly fleet: CheckingFleet;
  readonly urls: string[];
  readonly all: CheckingBalancer[];
}

/** Starts balancers that share the checks of servers, and lets half a minute pass. */
export async function start(
  options: { ids?: readonly string[]; servers?: number; check?: { rise?: number; fall?: number } },
): Promise<StartedFleet> {
  const fleet = new CheckingFleet(options.check);
  for (const id of options.ids ?? IDS) await fleet.join(id);
  const urls = fleet.add(options.servers ?? 90);
  await fleet.clock.advance(30_000);
  return { fleet, urls, all: [...fleet.balancers.values()] };
}

/** How many probes a second it takes to check so many servers every 10 s, which is 9 s on average. */
export function rate(servers: number): number {
  return servers / 9;
}

/** Asserts that there were as many probes as chance would have it. */
export function assertRate(probes: number, expected: number): void {
  assert(Math.abs(probes - expected) < expected * 0.05, `${probes} probes; ${expected} expected`);
}
