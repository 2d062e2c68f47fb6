import type { Discover, Server } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";

/** A server, as the admin API writes it. */
export interface ServerJson {
  /** The server's URL in canonical form. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** Its weight. */
  readonly weight: number;
  /** Seconds between two health checks. */
  readonly health_check_period: number;
  /** The most requests that it works on at once; 0 for no limit. */
  readonly max_connections: number;
  /** Whether it takes no new requests, whatever its weight. */
  readonly draining: boolean;
  /** How its servers are found; only there on an entry, which stands for them. */
  readonly discover?: Discover | undefined;
  /** The URL of the entry that has found it; only there on a server that was found. */
  readonly discovered_by?: string | undefined;
}

/** A server with how it is doing, as the admin API writes it. */
export interface ServerStatusJson extends ServerJson {
  /** Whether it counts as healthy. */
  readonly healthy: boolean;
  /** How many requests it is working on. */
  readonly active: number;
  /** Why it is out for failing requests; null if it is not. */
  readonly ejection: {
    /** What it did to be taken out. */
    readonly why: string;
    /** Until when, as RFC 3339. */
    readonly until: string;
    /** Whether that is over, and it gets one request at a time, which decides. */
    readonly on_trial: boolean;
  } | null;
  /** What the latest health check found; null before the first. */
  readonly last_check: CheckReportJson | null;
}

/** What a health check found, as the admin API writes it. */
export interface CheckReportJson {
  /** When it began, as RFC 3339. */
  readonly at: string;
  /** Whether it passed. */
  readonly passed: boolean;
  /** What the server answered, or why there was no answer. */
  readonly detail: string;
  /** How long it took, in milliseconds; 0 where another balancer made it. */
  readonly duration_ms: number;
  /** Which other balancer made it; left out where this one did. */
  readonly by?: string | undefined;
}

/** A server as JSON. */
export function serverJson(server: Server): ServerJson {
  const { url, name, weight, healthCheckPeriod, maxConnections, draining } = server;
  const { discover, discoveredBy } = server;
  return {
    url,
    name,
    weight,
    health_check_period: healthCheckPeriod,
    max_connections: maxConnections,
    draining,
    ...(discover === undefined ? {} : { discover }),
    ...(discoveredBy === undefined ? {} : { discovered_by: discoveredBy }),
  };
}

/** A server with how it is doing as JSON. */
export function serverStatusJson(status: ServerStatus): ServerStatusJson {
  const { healthy, active, ejection, lastCheck } = status;
  return {
    ...serverJson(status),
    healthy,
    active,
    ejection: ejection === undefined ? null : {
      why: ejection.why,
      until: ejection.until.toISOString(),
      on_trial: ejection.onTrial,
    },
    last_check: lastCheck === undefined ? null : checkReportJson(lastCheck),
  };
}

/** What a health check found as JSON. */
export function checkReportJson(report: CheckReport): CheckReportJson {
  const { at, passed, detail, duration, by } = report;
  return {
    at: at.toISOString(),
    passed,
    detail,
    duration_ms: Math.round(duration * 10) / 10,
    ...(by === undefined ? {} : { by }),
  };
}
