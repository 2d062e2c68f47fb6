import type { Threshold } from "./threshold.ts";

/** How servers are checked. */
export interface HealthCheck extends Threshold {
  /** What is asked for with GET, beginning with "/", below the server's base path. Default: "/". */
  readonly path: string;
  /**
   * How long an answer may take, in seconds, 0.001 to 3600; never longer than the server's period.
   * Default: 5.
   */
  readonly timeout: number;
  /** The lowest status that passes, 100 to 599. Default: 200. */
  readonly minStatus: number;
  /** The highest status that passes, 100 to 599. Default: 399. */
  readonly maxStatus: number;
  /** Passed checks in a row that make an unhealthy server healthy, 1 to 100. Default: 1. */
  readonly rise: number;
  /** Failed checks in a row that make a healthy server unhealthy, 1 to 100. Default: 1. */
  readonly fall: number;
}

/** The check of a balancer that does not say otherwise. */
export const DEFAULT_HEALTH_CHECK: HealthCheck = Object.freeze({
  path: "/",
  timeout: 5,
  minStatus: 200,
  maxStatus: 399,
  rise: 1,
  fall: 1,
});
