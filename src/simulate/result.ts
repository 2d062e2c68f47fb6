import type { PolicyName } from "../model/settings.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { Times } from "./measurements.ts";
import type { SimulationPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";
import type { HealthChange } from "./simulated_health.ts";

/** Times in milliseconds, as programs read them. */
export interface TimesJson {
  /** On average. */
  readonly mean: number;
  /** In half of the cases at most. */
  readonly p50: number;
  /** In 99 of a hundred at most. */
  readonly p99: number;
  /** In 999 of a thousand at most. */
  readonly p99_9: number;
  /** At most. */
  readonly max: number;
}

/** What one server did, in the counted part of the run. */
export interface ServerResultJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Its weight. */
  readonly weight: number;
  /** How many requests it was given, tries that failed included. */
  readonly requests: number;
  /** The share of all that servers were given, 0 to 1. */
  readonly share: number;
  /** The share of the time in which it worked, 0 to 1; null where it works on any number at once. */
  readonly utilisation: number | null;
  /** How many requests it worked on, on average. */
  readonly working: number;
  /** The most requests that it had at once, those in its queue included. */
  readonly peak: number;
}

/** What came of one policy, in the counted part of the run. */
export interface PolicyResultJson {
  /** The policy. */
  readonly policy: PolicyName;
  /** How many requests came. */
  readonly requests: number;
  /** How many were answered. */
  readonly answered: number;
  /** How many of those with 500. */
  readonly errors: number;
  /** How many were not answered, by why. */
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  /** How often a request went on to another server. */
  readonly retries: number;
  /** How many a second were answered. */
  readonly answered_per_second: number;
  /** How many were under way on average. */
  readonly under_way: number;
  /** From the arrival of a request until it was answered. */
  readonly response_ms: TimesJson;
  /** What of that was spent before a server began to work on it. */
  readonly waiting_ms: TimesJson;
  /** The share of the answered requests that waited at all. */
  readonly waited: number;
  /** The most requests that waited at once in one of the balancers. */
  readonly longest_line: number;
  /** What all balancers together found of the servers' health, over all of the run. */
  readonly health: Readonly<Partial<Record<HealthChange, number>>>;
  /** The servers, in the configuration's order. */
  readonly servers: readonly ServerResultJson[];
}

/** What came of a simulation. */
export interface SimulationJson {
  /** From what all chance followed. */
  readonly seed: number;
  /** How many balancers there were. */
  readonly balancers: number;
  /** How many requests came in a second; null where an access log said when. */
  readonly rate: number | null;
  /** The length of the counted part, in seconds. */
  readonly seconds: number;
  /** Of each policy, in the order in which they were asked for. */
  readonly policies: readonly PolicyResultJson[];
}

/** What came of a run. */
export function policyResult(
  policy: PolicyName,
  plan: SimulationPlan,
  { measurements, fleet }: Simulation,
): PolicyResultJson {
  const { answered, errors, failures, retries, response, waiting, waited } = measurements;
  const failed = [...failures.values()].reduce((sum, count) => sum + count, 0);
  const { counted } = measurements;
  return {
    policy,
    requests: answered + failed,
    answered,
    errors,
    failures: Object.fromEntries(failures),
    retries,
    answered_per_second: counted.length === 0 ? 0 : rounded(answered / counted.length * 1000),
    under_way: rounded(measurements.underWay),
    response_ms: timesJson(response),
    waiting_ms: timesJson(waiting),
    waited: answered === 0 ? 0 : rounded(waited / answered),
    longest_line: Math.max(...fleet.balancers.map(({ longestLine }) => longestLine)),
    health: Object.fromEntries(fleet.changes),
    servers: serverResults(plan, measurements),
  };
}

function serverResults(
  { servers, models }: SimulationPlan,
  { picked, usage, counted }: Simulation["measurements"],
): ServerResultJson[] {
  const all = picked.reduce((sum, count) => sum + count, 0);
  return servers.map(({ url, name, weight }, number) => {
    const { concurrency } = models[number]!;
    const working = counted.length === 0 ? 0 : usage.worked[number]! / counted.length;
    return {
      url,
      name,
      weight,
      requests: picked[number]!,
      share: all === 0 ? 0 : rounded(picked[number]! / all),
      utilisation: concurrency === Infinity ? null : rounded(working / concurrency),
      working: rounded(working),
      peak: usage.peak[number]!,
    };
  });
}

function timesJson({ mean, p50, p99, p999, max }: Times): TimesJson {
  return {
    mean: rounded(mean),
    p50: rounded(p50),
    p99: rounded(p99),
    p99_9: rounded(p999),
    max: rounded(max),
  };
}

/** To six digits: more of them would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
