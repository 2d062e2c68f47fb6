import { z } from "zod";
import { DISCOVER_KINDS } from "../model/discovery.ts";
import type { Server } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { Answer } from "./operation.ts";

const count = z.int().min(0);

/** Fields of a server in answers. */
export const serverFields = {
  url: z.string().describe("The server's URL in canonical form"),
  name: z.string().describe("Its name"),
  weight: count.describe("Its weight"),
  health_check_period: count.describe("Seconds between two health checks; 0 for none"),
  max_connections: count.describe("The most requests that it works on at once; 0 for any number"),
  draining: z.boolean().describe("Whether it takes no new requests, whatever its weight"),
  discover: z.enum(DISCOVER_KINDS)
    .describe("How its servers are found; only on an entry, which stands for them").optional(),
  discovered_by: z.string()
    .describe("The URL of the entry that has found it; only on a server that was found").optional(),
};

/** A server. */
export const SERVER = z.object(serverFields).meta({ id: "Server" });

/** Result of a health check. */
export const CHECK_REPORT = z.object({
  at: z.iso.datetime().describe("Start of the check"),
  passed: z.boolean(),
  detail: z.string().describe("The server's answer, or why there was none"),
  duration_ms: z.number().min(0),
  by: z.string()
    .describe(
      "Name of the balancer that made the check, if another one did; its duration is unknown",
    )
    .optional(),
}).meta({ id: "CheckReport" });

/** A server and its state. */
export const SERVER_STATUS = z.object({
  ...serverFields,
  healthy: z.boolean(),
  active: count.describe("Active requests"),
  ejection: z.object({
    why: z.string(),
    until: z.iso.datetime(),
    on_trial: z.boolean().describe("Whether it is being probed with one request at a time"),
  }).nullable().describe("Reason and end of its ejection, if failed requests have led to one"),
  last_check: CHECK_REPORT.nullable(),
}).meta({ id: "ServerStatus" });

/** A server as JSON. */
export type ServerJson = Answer<typeof SERVER>;

/** A server and its state as JSON. */
export type ServerStatusJson = Answer<typeof SERVER_STATUS>;

/** Result of a health check as JSON. */
export type CheckReportJson = Answer<typeof CHECK_REPORT>;

/** Writes a server as JSON. */
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

/** Writes a server and its state as JSON. */
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

/** Writes the result of a health check as JSON. */
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
