import { z } from "zod";
import { SERVER_STATES } from "../model/server_state.ts";
import { CHECK_REPORT } from "./answer_schemas.ts";
import { REGISTRY } from "./registry_json.ts";
import type { StatsJson } from "./stats_json.ts";

const count = z.int().min(0);
const rate = z.number().min(0).nullable();

const rates = {
  requests: count.describe("Requests since the beginning"),
  requests_per_second: rate.describe("null where requests are not counted"),
  errors_per_second: rate.describe("Requests that failed; null where they are not counted"),
  p50_ms: rate.describe("How long half of them took; null if there were none"),
  p99_ms: rate.describe("How long 99 of a hundred took at most; null if there were none"),
};

const SERVER_STATS = z.object({
  url: z.string(),
  name: z.string(),
  discovered_by: z.string()
    .describe("The URL of the entry that has found it; only on a server that was found").optional(),
  state: z.enum(SERVER_STATES),
  reason: z.string().nullable().describe("Why it takes no requests; null if it does"),
  weight: count,
  active: count.describe("How many requests it is working on"),
  share: z.number().min(0).max(1).describe("The share of the requests that it gets"),
  ...rates,
  last_check: CHECK_REPORT.nullable(),
}).meta({ id: "ServerStats" });

/** What `/stats` answers, for its description. */
export const STATS = z.object({
  time: z.iso.datetime(),
  version: z.string(),
  uptime_seconds: z.number().min(0),
  workers: z.int().min(1).describe("How many threads accept connections"),
  metrics: z.boolean().describe("Whether requests are counted"),
  window_seconds: z.number().min(0).describe("What the rates and latencies are over"),
  total: z.object({
    ...rates,
    refused: count.describe("Requests that no server answered"),
    active: count,
    waiting: count.describe("How many requests wait for a server"),
    bytes_sent: count.describe("Content that went to the servers"),
    bytes_received: count.describe("Content that came from them"),
  }),
  servers: z.array(SERVER_STATS),
  registry: REGISTRY.describe("Where balancers share their servers: how it is connected")
    .optional(),
}).meta({ id: "Stats" }) satisfies z.ZodType<StatsJson>;
