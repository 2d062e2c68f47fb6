import type { Mode } from "./modes.ts";
import type { Processes } from "./processes.ts";
import type { Scenario } from "./scenarios.ts";

const SCRIPT = new URL("./load.lua", import.meta.url).pathname;
/** After how many seconds wrk counts a request as timed out. */
const REQUEST_TIMEOUT = 10;
/** How much longer than asked a run may take before it is killed, in milliseconds. */
const EXTRA_TIME = 15_000;

/** Failures, in numbers of requests or connections. */
export interface LoadErrors {
  readonly connect: number;
  readonly read: number;
  readonly write: number;
  readonly timeout: number;
  /** Responses with a status above 399. */
  readonly status: number;
}

/** The measurements of wrk. */
export interface LoadResult {
  /** Answered requests a second. */
  readonly requestsPerSecond: number;
  /** Received bytes a second, heads included. */
  readonly bytesPerSecond: number;
  /** How many requests were answered. */
  readonly requests: number;
  /** The median latency, in microseconds. */
  readonly p50: number;
  /** The latency that 99 % of the requests stay below, in microseconds. */
  readonly p99: number;
  /** The failures. */
  readonly errors: LoadErrors;
}

/** One run of wrk. */
export interface LoadOptions {
  /** The port at 127.0.0.1. */
  readonly port: number;
  /** The request. */
  readonly scenario: Scenario;
  /** How long, in whole seconds. */
  readonly duration: number;
  /** How long each client waits between an answer and its next request, in milliseconds (mean). */
  readonly thinkTime?: number;
}

/**
 * Puts load on a port and measures.
 *
 * @param processes Kills wrk if the benchmark is stopped.
 * @param mode Where wrk runs.
 * @param options The request, and the duration.
 * @throws If wrk fails; the message says why.
 */
export async function runWrk(
  processes: Processes,
  mode: Mode,
  { port, scenario, duration, thinkTime = 0 }: LoadOptions,
): Promise<LoadResult> {
  const { path, connections, method = "GET", contentBytes = 0, headers = [] } = scenario;
  const argv = [
    "wrk",
    `--threads=${mode.loadThreads}`,
    `--connections=${connections}`,
    `--duration=${duration}s`,
    `--timeout=${REQUEST_TIMEOUT}s`,
    `--script=${SCRIPT}`,
    ...headers.map((header) => `--header=${header}`),
    `http://127.0.0.1:${port}${path}`,
    "--",
    method,
    String(contentBytes),
    thinkTime.toFixed(3),
  ];
  const { success, stdout, stderr } = await processes.run(
    { argv, core: mode.loadCore },
    duration * 1000 + EXTRA_TIME,
  );
  const line = /^BENCH (.*)$/m.exec(stdout)?.[1];
  if (!success || line === undefined) {
    throw new Error(`wrk failed: ${(stderr || stdout).trim().split("\n", 1)[0] || "killed"}`);
  }
  return loadResult(JSON.parse(line));
}

function loadResult(
  { requests, microseconds, bytes, p50, p99, ...errors }: Record<string, number>,
): LoadResult {
  const seconds = microseconds! / 1e6;
  return {
    requestsPerSecond: requests! / seconds,
    bytesPerSecond: bytes! / seconds,
    requests: requests!,
    p50: p50!,
    p99: p99!,
    errors: errors as unknown as LoadErrors,
  };
}
