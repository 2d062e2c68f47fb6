import type { Config } from "../../../mod.ts";
import { makeArrivals } from "../../../src/simulate/arrivals.ts";
import { makePlan, type SimulationPlan } from "../../../src/simulate/plan.ts";
import { RandomStreams } from "../../../src/simulate/random.ts";
import { readWorkload } from "../../../src/simulate/workload_schema.ts";

/** Concurrency of each server, which is its weight as well. */
export const CONCURRENCIES: readonly number[] = [4, 4, 8, 8];
/** Service times are far longer than the delays of timers and of a busy machine. */
const SERVICE = { distribution: "lognormal", mean: 0.05, variation: 1 } as const;

/** One request of a scenario. */
export interface ScriptedRequest {
  /** When it is sent, in milliseconds from the start. */
  readonly at: number;
  /** Random number from which its service time is made. */
  readonly u: number;
  /** Second such number. */
  readonly v: number;
  /** Whether it is counted. */
  readonly counted: boolean;
}

/** A scenario that is run for real and simulated. */
export interface Scenario {
  /** Time in which requests arrive, in seconds. */
  readonly seconds: number;
  /** Random seed. */
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

/** Plan of the simulation. */
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

/** The requests of the simulation, in order. */
export function scriptOf({ workload, rate }: SimulationPlan): ScriptedRequest[] {
  // In the same order in which `Simulation` makes its streams.
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

/** Service time of a request, in milliseconds. */
export function serviceTime({ models }: SimulationPlan, u: number, v: number): number {
  return models[0]!.distribution.sample(u, v);
}
