import type { Config } from "../../../mod.ts";
import { makeArrivals } from "../../../src/simulate/arrivals.ts";
import { makePlan, type SimulationPlan } from "../../../src/simulate/plan.ts";
import { RandomStreams } from "../../../src/simulate/random.ts";
import { readWorkload } from "../../../src/simulate/workload_schema.ts";

/** How many of the requests a server works on at once, which is its weight as well. */
export const CONCURRENCIES: readonly number[] = [4, 4, 8, 8];
/** What servers do is far above what timers and a busy machine are late by. */
const SERVICE = { distribution: "lognormal", mean: 0.05, variation: 1 } as const;

/** One request of a scenario. */
export interface ScriptedRequest {
  /** When it is to be sent, in milliseconds from the first moment. */
  readonly at: number;
  /** What makes its time of service. */
  readonly u: number;
  /** See `u`. */
  readonly v: number;
  /** Whether it is counted. */
  readonly counted: boolean;
}

/** What is run both ways. */
export interface Scenario {
  /** For how many seconds requests come. */
  readonly seconds: number;
  /** From what they follow. */
  readonly seed: number;
  /** Whether requests queue in the balancer, by `max_connections`, and not at the servers. */
  readonly limited: boolean;
}

/** The configuration of a balancer in front of these servers. */
export function configOf({ limited }: Scenario, urls: readonly string[]): Config {
  return {
    healthCheck: {},
    servers: urls.map((url, i) => ({
      url,
      name: `server-${i + 1}`,
      weight: CONCURRENCIES[i]!,
      healthCheckPeriod: 0,
      ...(limited ? { maxConnections: CONCURRENCIES[i]! } : {}),
    })),
  };
}

/** The scenario as it is simulated. */
export function planOf(scenario: Scenario, urls: readonly string[]): SimulationPlan {
  const workload = readWorkload({
    load: 0.75,
    duration: scenario.seconds,
    seed: scenario.seed,
    service: SERVICE,
    servers: urls.map((server, i) => ({ server, concurrency: CONCURRENCIES[i] })),
  }, "the scenario");
  return makePlan({ config: configOf(scenario, urls), workload });
}

/** The requests that the simulation of this plan has, in their order. */
export function scriptOf({ workload, rate }: SimulationPlan): ScriptedRequest[] {
  // In the order in which `Simulation` takes its streams.
  const streams = new RandomStreams(workload.seed);
  const arrivals = makeArrivals(workload, rate!, { streams });
  const sizes = streams.stream();
  const script: ScriptedRequest[] = [];
  for (; arrivals.at !== Infinity; arrivals.advance()) {
    const { at, counted } = arrivals;
    script.push({ at, counted, u: sizes.next(), v: sizes.next() });
  }
  return script;
}

/** How long a server works on a request, in milliseconds. */
export function serviceTime({ models }: SimulationPlan, u: number, v: number): number {
  return models[0]!.distribution.sample(u, v);
}
