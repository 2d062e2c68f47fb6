import type { DistributionInit } from "./distribution.ts";

/** The most requests of a run. */
export const MOST_REQUESTS = 1_000_000_000;

/** What can be wrong with a server. */
export const UPSTREAM_FAULTS = ["down", "hang", "errors", "slow"] as const;

/**
 * What is wrong with a server. `down`: it refuses connections, and breaks off what it works on.
 * `hang`: it stands still and accepts nothing. `errors`: it answers a share of the requests with
 * 500. `slow`: everything takes so many times as long.
 */
export type UpstreamFault = typeof UPSTREAM_FAULTS[number];

/** How long servers work on a request; `recorded` takes what the access log has of the server. */
export type Service = DistributionInit | { readonly distribution: "recorded" };

/** A server that is not like the others. */
export interface UpstreamInit {
  /** Its URL or name. */
  readonly server: string;
  /** How long it works on a request. Default: as the others. */
  readonly service?: Service;
  /** How many requests it works on at once. Default: as the others. */
  readonly concurrency?: number;
}

/** What goes wrong, and when. */
export interface Failure {
  /** The servers' URLs or names, or how many of them, evenly spread over the list. */
  readonly servers: number | readonly string[];
  /** What is wrong with them. */
  readonly kind: UpstreamFault;
  /** When it begins, in seconds from the first moment. */
  readonly from: number;
  /** When it is over, in seconds from the first moment. */
  readonly until: number;
  /** For `errors`: the share of the requests, 0 to 1. */
  readonly share: number;
  /** For `slow`: how many times as long everything takes. */
  readonly factor: number;
}

/** The requests of a run, and how the servers do with them. */
export interface Workload {
  /** Requests a second, of all clients together; undefined where `load` or a log says that. */
  readonly rate: number | undefined;
  /** The share of what all servers can do, which makes the rate. */
  readonly load: number;
  /** Whether requests come at random moments, or evenly. */
  readonly arrivals: "poisson" | "constant";
  /** How many requests come at most; undefined where `duration` says when it is over. */
  readonly requests: number | undefined;
  /** For how many seconds they come at most. */
  readonly duration: number | undefined;
  /** The share of the requests, from the first, that is not counted. */
  readonly warmUp: number;
  /** What all chance follows from, 0 to 2³² − 1. */
  readonly seed: number;
  /** How many balancers there are. Each sees its own requests only. */
  readonly balancers: number;
  /**
   * Whether all balancers begin with the same server, as they do whenever the servers change, or
   * each with another, as long after that.
   */
  readonly start: "together" | "apart";
  /** How requests come to balancers: each at random, or all of a client to one of them. */
  readonly spread: "random" | "client";
  /** How many clients there are. */
  readonly clients: number;
  /** How long servers work on a request. */
  readonly service: Service;
  /** How many requests a server works on at once; others queue there. 0 for any number. */
  readonly concurrency: number;
  /** Servers that differ. */
  readonly servers: readonly UpstreamInit[];
  /** What goes wrong. */
  readonly failures: readonly Failure[];
}

/** The workload of those who say nothing: what a single core with work of 0.1 s gets at 80 %. */
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
