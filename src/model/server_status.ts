import type { Server } from "./server.ts";

/** The result of a health check. */
export interface CheckReport {
  /** When the check began. */
  readonly at: Date;
  /** Whether the server passed. */
  readonly passed: boolean;
  /** The server's response, or why there was none, as text to display. */
  readonly detail: string;
  /** Duration of the check in milliseconds; 0 if another balancer made it. */
  readonly duration: number;
  /** The balancer that made the check; absent if this one did. */
  readonly by?: string;
}

/** A server with its current status. */
export interface ServerStatus extends Server {
  /** Whether the server is healthy; true before its first check, and if checks are off. */
  readonly healthy: boolean;
  /** Number of active requests. */
  readonly active: number;
  /** The ejection that keeps the server out of rotation; undefined if it is not ejected. */
  readonly ejection: {
    /** The failures that caused it, as text to display. */
    readonly why: string;
    /** End of the ejection; until then, the server gets requests only as a last resort. */
    readonly until: Date;
    /** Whether the ejection is over and the server is being probed with one request at a time. */
    readonly onTrial: boolean;
  } | undefined;
  /** The result of the latest health check; undefined before the first. */
  readonly lastCheck: CheckReport | undefined;
}

/** See {@linkcode ServerStatus.ejection}. */
export type EjectionReport = NonNullable<ServerStatus["ejection"]>;
