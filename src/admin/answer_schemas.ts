import { z } from "zod";
import type { DryRunJson } from "./dry_run.ts";
import { completeFields } from "../config/server_schema.ts";
import type { DiscoveryJson } from "./discovery_json.ts";
import type { CheckReportJson, ServerJson, ServerStatusJson } from "./server_json.ts";

// What the API answers, for its description. It is not checked at run time: tests hold every answer
// against these schemas.

const count = z.int().min(0);
const moment = z.iso.datetime();
const share = z.number().min(0).max(1);

const serverFields = {
  url: z.string().describe("The server's URL in canonical form"),
  ...completeFields,
  discovered_by: z.exactOptional(z.string())
    .describe("The URL of the source that discovered it; only on a discovered server"),
};

/** A server. */
export const SERVER = z.object(serverFields)
  .meta({ id: "Server" }) satisfies z.ZodType<ServerJson>;

/** What a health check found. */
export const CHECK_REPORT = z.object({
  at: moment.describe("When the check began"),
  passed: z.boolean(),
  detail: z.string().describe("What the server answered, or why there was no answer"),
  duration_ms: z.number().min(0),
  by: z.string().describe("Which other balancer made it; then, how long it took is not known")
    .optional(),
}).meta({ id: "CheckReport" }) satisfies z.ZodType<CheckReportJson>;

/** A server with how it is doing. */
export const SERVER_STATUS = z.object({
  ...serverFields,
  healthy: z.boolean(),
  active: count.describe("How many requests it is working on"),
  ejection: z.object({
    why: z.string(),
    until: moment,
    on_trial: z.boolean().describe("Whether it gets one request at a time, which decides"),
  }).nullable().describe("Why it is out for failing requests"),
  last_check: CHECK_REPORT.nullable(),
}).meta({ id: "ServerStatus" }) satisfies z.ZodType<ServerStatusJson>;

/** An entry, and what it has found. */
export const DISCOVERY = z.object({
  ...serverFields,
  discover: completeFields.discover.unwrap(),
  addresses: z.array(z.object({
    url: z.string().describe("The URL of the server at this address"),
    source: z.string().describe("The name that has the address"),
    problem: z.string().nullable().describe("Why it is not a server of this entry"),
  })),
  last_lookup: moment.nullable().describe("When the latest lookup was over"),
  next_lookup: moment.nullable().describe("When the next one will be; null while one is under way"),
  error: z.string().nullable().describe("What is wrong with the latest lookup"),
}).meta({ id: "Discovery" }) satisfies z.ZodType<DiscoveryJson>;

/** What a change would come to. */
export const DRY_RUN = z.object({
  dry_run: z.literal(true),
  before: SERVER.nullable().describe("The server as it is"),
  after: SERVER.nullable().describe("The server as it would be"),
  shares: z.array(z.object({
    url: z.string(),
    name: z.string(),
    before: share.describe("Its share of the requests now"),
    after: share.describe("Its share after the change"),
  })).describe("All servers that are there, or would be"),
}).meta({ id: "DryRun" }) satisfies z.ZodType<DryRunJson>;

/** What a change is answered with. */
export const CHANGED = z.union([SERVER, DRY_RUN]);

/** A refusal (RFC 9457). */
export const PROBLEM = z.looseObject({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string().describe("What happened, and what to do next"),
  errors: z.array(z.object({ field: z.string(), detail: z.string() }))
    .describe("What is wrong, by field").optional(),
  server: SERVER.nullable().describe("With 412: the server as it is now").optional(),
  etag: z.string().nullable().describe("With 412: its entity tag").optional(),
  urls: z.array(z.string()).describe("With 409: the servers that have the name").optional(),
}).meta({ id: "Problem" });
