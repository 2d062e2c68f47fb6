import type { Config } from "../config/config.ts";
import { completeSettings } from "../config/settings_schema.ts";
import { invalid } from "../config/validate.ts";
import {
  canonicalServerUrl,
  completeServer,
  effectiveWeight,
  type Server,
} from "../model/server.ts";
import type { Settings } from "../model/settings.ts";
import { type Distribution, makeDistribution, recorded } from "./distribution.ts";
import type { RecordedRequests } from "./recorded_requests.ts";
import type { ServerModel } from "./simulated_servers.ts";
import type { Failure, Service, Workload } from "./workload.ts";

/** A failure and the servers that it affects. */
export interface PlannedFailure {
  /** The failure. */
  readonly failure: Failure;
  /** Numbers of the servers. */
  readonly servers: readonly number[];
}

/** Validated input of a simulation, shared by the runs of all policies. */
export interface SimulationPlan {
  /** The servers, in the order of the configuration. */
  readonly servers: readonly Server[];
  /** Model of each server. */
  readonly models: readonly ServerModel[];
  /** Failures of servers. */
  readonly failures: readonly PlannedFailure[];
  /** The workload. */
  readonly workload: Workload;
  /** Requests per second; undefined if a recording gives the arrival times. */
  readonly rate: number | undefined;
  /** Recorded requests to repeat, if any. */
  readonly recording: RecordedRequests | undefined;
  /** Settings of the balancers. */
  readonly settings: Settings;
  /** Whether sessions are sticky. */
  readonly sticky: boolean;
}

/** Parts of a plan. */
export interface PlanParts {
  /** Configuration of the balancers. */
  readonly config: Config;
  /** The workload. */
  readonly workload: Workload;
  /** Recorded requests to repeat. Default: requests are generated. */
  readonly recording?: RecordedRequests | undefined;
}

/**
 * Makes a plan from a configuration and a workload.
 *
 * @throws {BalancerError} `invalid`, with every unknown server of the workload, or if there is nothing
 * to simulate.
 */
export function makePlan({ config, workload, recording }: PlanParts): SimulationPlan {
  const servers = config.servers.map(completeServer);
  if (servers.length === 0) {
    throw invalid("the configuration", [{ path: "servers", message: "has no server to simulate" }]);
  }
  const names = new ServerNames(servers);
  const failures = workload.failures.map((failure, i) => ({
    failure,
    servers: typeof failure.servers === "number"
      ? spread(failure.servers, servers.length)
      : failure.servers.flatMap((name, j) => names.find(name, `failures[${i}].servers[${j}]`)),
  }));
  const models = makeModels({ servers, workload, recording }, names);
  names.check();
  return {
    servers,
    models,
    failures,
    workload,
    rate: recording === undefined
      ? workload.rate ?? rateOf(workload.load, servers, models)
      : undefined,
    recording,
    settings: completeSettings(config),
    sticky: config.sticky !== undefined,
  };
}

/** Finds servers by the URLs and names that a workload uses. */
class ServerNames {
  readonly #numbers: Map<string, number[]> = new Map();
  readonly #unknown: { path: string; message: string }[] = [];

  constructor(servers: readonly Server[]) {
    for (const [number, { url, name }] of servers.entries()) {
      for (const key of new Set([url, name])) {
        this.#numbers.set(key, [...this.#numbers.get(key) ?? [], number]);
      }
    }
  }

  /** Numbers of the servers with this URL or name. */
  find(text: string, path: string): readonly number[] {
    const found = this.#numbers.get(text) ?? this.#numbers.get(canonical(text));
    if (found !== undefined) return found;
    const message = `"${text}" is neither the URL nor the name of a server in the configuration`;
    this.#unknown.push({ path, message });
    return [];
  }

  /** Throws if any was not found. */
  check(): void {
    if (this.#unknown.length > 0) throw invalid("the workload", this.#unknown);
  }
}

function canonical(text: string): string {
  try {
    return canonicalServerUrl(text);
  } catch {
    return text;
  }
}

/** This many of the numbers below `end`, evenly spread. */
function spread(count: number, end: number): number[] {
  const all = Math.min(count, end);
  return Array.from({ length: all }, (_, i) => Math.floor(i * end / all));
}

function makeModels(
  { servers, workload, recording }: {
    readonly servers: readonly Server[];
    readonly workload: Workload;
    readonly recording: RecordedRequests | undefined;
  },
  names: ServerNames,
): ServerModel[] {
  const services: Service[] = servers.map(() => workload.service);
  const concurrency = servers.map(() => workload.concurrency);
  for (const [i, upstream] of workload.servers.entries()) {
    for (const number of names.find(upstream.server, `servers[${i}].server`)) {
      services[number] = upstream.service ?? workload.service;
      concurrency[number] = upstream.concurrency ?? workload.concurrency;
    }
  }
  const known = new Map<Service, Distribution>();
  return servers.map(({ url }, number) => {
    const service = services[number]!;
    const distribution = known.get(service) ?? distributionOf(service, url, recording);
    // Recorded times differ from server to server.
    if (service.distribution !== "recorded") known.set(service, distribution);
    const limit = concurrency[number]!;
    return { distribution, concurrency: limit === 0 ? Infinity : limit };
  });
}

function distributionOf(
  service: Service,
  url: string,
  recording: RecordedRequests | undefined,
): Distribution {
  if (service.distribution !== "recorded") return makeDistribution(service);
  const all = recording?.durations;
  // A server without requests in the log gets the times of all.
  const times = all?.get(url) ?? [...all?.values() ?? []].flat();
  if (times.length > 0) return recorded(times);
  const message = recording === undefined
    ? '"recorded" needs the requests of an access log'
    : '"recorded" needs requests that a server has answered, and the access log has none';
  throw invalid("the workload", [{ path: "service.distribution", message }]);
}

/** Requests per second that are this share of the servers' capacity. */
function rateOf(
  load: number,
  servers: readonly Server[],
  models: readonly ServerModel[],
): number {
  let most = 0;
  for (const [number, { distribution, concurrency }] of models.entries()) {
    if (effectiveWeight(servers[number]!) > 0) most += concurrency / distribution.mean * 1000;
  }
  if (Number.isFinite(most) && most > 0) return load * most;
  const message = most === 0
    ? "cannot be used if no server takes requests; give a rate"
    : "cannot be used if a server has no concurrency limit; give a rate";
  throw invalid("the workload", [{ path: "load", message }]);
}
