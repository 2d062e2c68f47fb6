import { snakeCase, type SnakeKeys } from "../config/names.ts";
import { type Server, SERVER_FIELD_NAMES } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";

/** A server, as the admin API writes it. */
export type ServerJson = SnakeKeys<Server>;

/** The fields of a server in their order, with their names in JSON. */
const FIELDS = (["url", ...SERVER_FIELD_NAMES, "discoveredBy"] as const)
  .map((name) => [name, snakeCase(name)] as const);

/** The names in JSON of what is configured of a server. */
export const CONFIGURED_NAMES: readonly string[] = FIELDS.map(([, key]) => key)
  .filter((key) => key !== "discovered_by");

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
  const present = FIELDS.filter(([name]) => server[name] !== undefined);
  return Object.fromEntries(present.map(([name, key]) => [key, server[name]])) as ServerJson;
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
