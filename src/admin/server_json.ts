import { z } from "zod";
import { snakeCase } from "../config/names.ts";
import { completeFields } from "../config/server_schema.ts";
import { type Server, SERVER_FIELD_NAMES } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { Answer } from "./operation.ts";

const count = z.int().min(0);

/** Fields of a server in their order, with their names in JSON. */
const FIELDS = (["url", ...SERVER_FIELD_NAMES, "discoveredBy"] as const)
  .map((name) => [name, snakeCase(name)] as const);

/** Names of the configured fields in JSON. */
export const CONFIGURED_NAMES: readonly string[] = FIELDS.map(([, key]) => key)
  .filter((key) => key !== "discovered_by");

/** Fields of a server in answers. */
export const serverFields = {
  url: z.string().describe("The server's URL in canonical form"),
  ...completeFields,
  discovered_by: z.exactOptional(z.string())
    .describe("The URL of the source that discovered it; only on a discovered server"),
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
  const present = FIELDS.filter(([name]) => server[name] !== undefined);
  return Object.fromEntries(present.map(([name, key]) => [key, server[name]])) as ServerJson;
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
