import type { Server } from "./server.ts";

/** What a finished health check found, and when. */
export interface CheckReport {
  /** When the check began. */
  readonly at: Date;
  /** Whether the server passed. */
  readonly passed: boolean;
  /** What the server answered, or why there is no answer, for people. */
  readonly detail: string;
  /** How long the check took, in milliseconds; 0 where another balancer made it. */
  readonly duration: number;
  /** Which other balancer made it. Default: this one did. */
  readonly by?: string;
}

/** Why a server is out that is not unhealthy. */
export interface EjectionReport {
  /** What it did to be taken out, for people. */
  readonly why: string;
  /** Until when it gets no requests but as a last resort. */
  readonly until: Date;
  /** Whether that is over, and it gets one request at a time, which decides. */
  readonly onTrial: boolean;
}

/** A server with how it is doing. */
export interface ServerStatus extends Server {
  /** Whether the server counts as healthy; before the first check and without checks it does. */
  readonly healthy: boolean;
  /** How many requests the server is working on. */
  readonly active: number;
  /** Why it is out for failing requests; undefined if it is not. */
  readonly ejection: EjectionReport | undefined;
  /** What the latest health check found; undefined before the first. */
  readonly lastCheck: CheckReport | undefined;
}
