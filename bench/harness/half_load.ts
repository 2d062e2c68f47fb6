import { type LoadOptions, type LoadResult, runWrk } from "./wrk.ts";
import type { Mode } from "./modes.ts";
import type { Processes } from "./processes.ts";

/** A run at half load. */
export interface HalfLoadOptions extends Omit<LoadOptions, "thinkTime"> {
  /** The most requests a second that the peer has answered. */
  readonly peak: number;
}

/**
 * Finds the think time with which wrk asks for half of what a peer can answer.
 *
 * wrk cannot be told a rate, but its clients can wait between an answer and their next request. The
 * law of response times says which rate N clients then reach: N / (think time + latency). So one
 * burst with a guess that leaves out the latency tells the latency, and with it the think time.
 *
 * @param processes Kills wrk if the benchmark is stopped.
 * @param mode Where wrk runs.
 * @param options The peer and its peak.
 * @returns Milliseconds.
 */
export async function findThinkTime(
  processes: Processes,
  mode: Mode,
  { peak, ...load }: HalfLoadOptions,
): Promise<number> {
  const { connections } = load.scenario;
  const wanted = cycleTime(connections, peak / 2);
  const burst: LoadResult = await runWrk(processes, mode, { ...load, thinkTime: wanted });
  const latency = cycleTime(connections, burst.requestsPerSecond) - wanted;
  return Math.max(wanted - latency, 0.1);
}

/** How long a client is between two of its requests, in milliseconds. */
function cycleTime(connections: number, requestsPerSecond: number): number {
  return connections / requestsPerSecond * 1000;
}
