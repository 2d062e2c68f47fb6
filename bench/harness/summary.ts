import type { Contestant } from "./contestants.ts";
import type { Sample, ScenarioResult } from "./measure.ts";
import { median, type Quartiles, ratioQuartiles, summarize, type Summary } from "./statistics.ts";

/** The results of a contestant in a scenario, over all rounds. */
export interface Line {
  /** The contestant. */
  readonly contestant: Contestant;
  /** Requests a second; undefined when no round worked. */
  readonly rate: Summary | undefined;
  /** The ratios to the reference, round by round. */
  readonly ratio: Quartiles | undefined;
  /** Medians over the rounds. */
  readonly medians: {
    /** Received bytes a second. */
    readonly bytesPerSecond: number;
    /** Median latency, in microseconds. */
    readonly p50: number;
    /** Latency of the slowest percent, in microseconds. */
    readonly p99: number;
    /** How much of one core the proxy used. */
    readonly cpuShare: number;
    /** Processor time of the proxy for each request, in microseconds. */
    readonly cpuPerRequest: number;
  };
  /** The failures in all rounds, as text; empty if there were none. */
  readonly errors: string;
}

/**
 * Condenses the rounds of a scenario.
 *
 * @param result The measurements.
 * @param contestants The contestants, in the order of the report.
 * @param reference The name of the one that the others are compared with.
 */
export function summarizeScenario(
  { samples }: ScenarioResult,
  contestants: readonly Contestant[],
  reference: string,
): Line[] {
  const references = (samples.get(reference) ?? []).map(rateOf);
  return contestants.map((contestant) => {
    const rounds = samples.get(contestant.name) ?? [];
    const measured = rounds.filter((sample) => sample !== undefined);
    return {
      contestant,
      rate: measured.length === 0 ? undefined : summarize(measured.map(rateOf)),
      ratio: ratioQuartiles(rounds.map(rateOf), references),
      medians: {
        bytesPerSecond: medianOf(measured, (sample) => sample.bytesPerSecond),
        p50: medianOf(measured, (sample) => sample.p50),
        p99: medianOf(measured, (sample) => sample.p99),
        cpuShare: medianOf(measured, (sample) => sample.cpuShare),
        cpuPerRequest: medianOf(
          measured,
          ({ cpuSeconds, requests }) => cpuSeconds / requests * 1e6,
        ),
      },
      errors: errorText(rounds),
    };
  });
}

function rateOf(sample: Sample | undefined): number {
  return sample?.requestsPerSecond ?? NaN;
}

function medianOf(samples: readonly Sample[], value: (sample: Sample) => number): number {
  return samples.length === 0 ? NaN : median(samples.map(value));
}

function errorText(rounds: readonly (Sample | undefined)[]): string {
  const counts = { "failed rounds": 0, connect: 0, read: 0, write: 0, timeout: 0, status: 0 };
  for (const sample of rounds) {
    if (sample === undefined) {
      counts["failed rounds"]++;
      continue;
    }
    counts.connect += sample.errors.connect;
    counts.read += sample.errors.read;
    counts.write += sample.errors.write;
    counts.timeout += sample.errors.timeout;
    counts.status += sample.errors.status;
  }
  return Object.entries(counts).filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`).join(", ");
}
