import type { Server } from "./server.ts";

/** The result of a health check. */
export interface CheckReport {
  /** When the check began. */
  readonly at: Date;
  /** Whether the server passed. */
  readonly passed: boolean;
  /** The server's answer, or why there is none, for people. */
  readonly detail: string;
  /** How long the check took, in milliseconds; 0 where another balancer made it. */
  readonly duration: number;
  /** Which other balancer made it. Default: this one did. */
  readonly by?: string;
}

/** A server with its current status. */
export interface ServerStatus extends Server {
  /** Whether the server counts as healthy; true before the first check and without checks. */
  readonly healthy: boolean;
  /** The server's active requests. */
  readonly active: number;
  /** Why and until when outlier ejection keeps it out; undefined if it is not ejected. */
  readonly ejection: {
    /** The failures that ejected it, for people. */
    readonly why: string;
    /** Until when it gets requests only as a last resort. */
    readonly until: Date;
    /** Whether that time is over, and it is being probed with one request at a time. */
    readonly onTrial: boolean;
  } | undefined;
  /** The result of the latest health check; undefined before the first. */
  readonly lastCheck: CheckReport | undefined;
}

/** See {@linkcode ServerStatus.ejection}. */
export type EjectionReport = NonNullable<ServerStatus["ejection"]>;
