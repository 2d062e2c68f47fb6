import type { PolicyName } from "../model/settings.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { Times } from "./measurements.ts";
import type { SimulationPlan } from "./plan.ts";
import type { Simulation } from "./simulation.ts";
import type { HealthChange } from "../health/server_health.ts";

/** Statistics of durations in milliseconds, as JSON. */
export interface TimesJson {
  /** The mean. */
  readonly mean: number;
  /** The median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** 99.9th percentile. */
  readonly p99_9: number;
  /** The maximum. */
  readonly max: number;
}

/** Statistics of one server in the counted part of a run. */
export interface ServerResultJson {
  /** Its URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Its weight. */
  readonly weight: number;
  /** Number of attempts there, including failed ones. */
  readonly requests: number;
  /** Share of all attempts, 0 to 1. */
  readonly share: number;
  /** Share of its capacity that was used, 0 to 1; null where it works on any number at once. */
  readonly utilisation: number | null;
  /** Mean number of requests that it worked on. */
  readonly working: number;
  /** The most requests that it had at once, including queued ones. */
  readonly peak: number;
}

/** Result of one policy in the counted part of a run. */
export interface PolicyResultJson {
  /** The policy. */
  readonly policy: PolicyName;
  /** Number of requests. */
  readonly requests: number;
  /** Number of requests with a response. */
  readonly answered: number;
  /** Number of responses with status 500. */
  readonly errors: number;
  /** Number of requests without a response, by the reason. */
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>;
  /** Number of retries. */
  readonly retries: number;
  /** Responses per second. */
  readonly answered_per_second: number;
  /** Mean number of requests in flight. */
  readonly under_way: number;
  /** Time from arrival to response. */
  readonly response_ms: TimesJson;
  /** The part of it before the server began to work. */
  readonly waiting_ms: TimesJson;
  /** Share of the requests with a response that waited at all. */
  readonly waited: number;
  /** The most requests that waited at once in any balancer. */
  readonly longest_line: number;
  /** Number of health changes that all balancers found in the whole run, by kind. */
  readonly health: Readonly<Partial<Record<HealthChange, number>>>;
  /** The servers, in the order of the configuration. */
  readonly servers: readonly ServerResultJson[];
}

/** Result of a simulation. */
export interface SimulationJson {
  /** Random seed. */
  readonly seed: number;
  /** Number of balancers. */
  readonly balancers: number;
  /** Requests per second; null if an access log gave the arrival times. */
  readonly rate: number | null;
  /** Length of the counted part, in seconds. */
  readonly seconds: number;
  /** The result of each policy, in the requested order. */
  readonly policies: readonly PolicyResultJson[];
}

/** Summarizes a run. */
export function policyResult(
  policy: PolicyName,
  plan: SimulationPlan,
  { measurements, balancers }: Simulation,
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
    under_way: rounded(measurements.inFlight),
    response_ms: timesJson(response),
    waiting_ms: timesJson(waiting),
    waited: answered === 0 ? 0 : rounded(waited / answered),
    longest_line: Math.max(...balancers.all.map(({ longestQueue }) => longestQueue)),
    health: Object.fromEntries(balancers.changes),
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

/** Six significant digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
