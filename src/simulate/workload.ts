import type { DistributionInit } from "./distribution.ts";

/** The largest number of requests of a run. */
export const MOST_REQUESTS = 1_000_000_000;

/** Kinds of faults. */
export const FAULTS = ["down", "hang", "errors", "slow"] as const;

/**
 * Fault of a server. `down`: it breaks off its requests and refuses connections. `hang`: it stops
 * working and accepts no connections. `errors`: it answers a share of the requests with 500. `slow`:
 * its service times are longer by a factor.
 */
export type Fault = typeof FAULTS[number];

/** Distribution of service times; `recorded` uses the server's times in the access log. */
export type Service = DistributionInit | { readonly distribution: "recorded" };

/** Settings of a server that differs from the others. */
export interface ServerOverride {
  /** URL or name of the server. */
  readonly server: string;
  /** Distribution of its service times. Default: the workload's. */
  readonly service?: Service;
  /** Requests it works on at once. Default: the workload's. */
  readonly concurrency?: number;
}

/** A fault of some servers, for some time. */
export interface Failure {
  /** URLs or names of the servers, or their number, evenly spread over the list. */
  readonly servers: number | readonly string[];
  /** The fault. */
  readonly kind: Fault;
  /** When it begins, in seconds from the start. */
  readonly from: number;
  /** When it ends, in seconds from the start. */
  readonly until: number;
  /** For `errors`: share of the requests, 0 to 1. */
  readonly share: number;
  /** For `slow`: factor by which service times are longer. */
  readonly factor: number;
}

/** Requests of a run, and the behaviour of the servers. */
export interface Workload {
  /** Requests per second of all clients; undefined if `load` or a log determines them. */
  readonly rate: number | undefined;
  /** Share of the servers' capacity that determines the rate. */
  readonly load: number;
  /** Whether arrivals are random or evenly spaced. */
  readonly arrivals: "poisson" | "constant";
  /** The most requests; undefined if `duration` determines the end. */
  readonly requests: number | undefined;
  /** The longest time in which requests arrive, in seconds. */
  readonly duration: number | undefined;
  /** Share of the requests, from the first, that is not counted. */
  readonly warmUp: number;
  /** Random seed, 0 to 2³² − 1. */
  readonly seed: number;
  /** Number of balancers. Each sees its own requests only. */
  readonly balancers: number;
  /**
   * Whether all balancers start with the same server, as after a change of the servers, or each with
   * a different one, as long after a change.
   */
  readonly start: "together" | "apart";
  /** Whether each request, or each client, goes to a random balancer. */
  readonly spread: "random" | "client";
  /** Number of clients. */
  readonly clients: number;
  /** Distribution of service times. */
  readonly service: Service;
  /** Requests that a server handles at once, while it queues the others; 0 for no limit. */
  readonly concurrency: number;
  /** Servers that differ from the others. */
  readonly servers: readonly ServerOverride[];
  /** Failures of servers. */
  readonly failures: readonly Failure[];
}

/** Default workload: 80 % of the capacity of servers with a single core and a mean of 0.1 s. */
export const DEFAULT_WORKLOAD = {
  rate: undefined,
  load: 0.8,
  arrivals: "poisson",
  requests: 100_000,
  duration: undefined,
  warmUp: 0.1,
  seed: 1,
  balancers: 1,
  start: "together",
  spread: "random",
  clients: 10_000,
  service: { distribution: "exponential", mean: 0.1 },
  concurrency: 1,
  servers: [],
  failures: [],
} as const satisfies Workload;
