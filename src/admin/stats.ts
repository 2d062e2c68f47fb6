import { z } from "zod";
import { effectiveWeight } from "../model/server.ts";
import { SERVER_STATES, type ServerState } from "../model/server_state.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import { predictShares } from "../model/shares.ts";
import { VERSION } from "../model/version.ts";
import { EXPOSITION_TYPE } from "../observability/metrics/exposition.ts";
import { writeMetrics } from "../observability/metrics/metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Answer, Routes } from "./operation.ts";
import { REGISTRY, registryJson } from "./registry.ts";
import { CHECK_REPORT, checkReportJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";
import type { Measurement, TrafficMeter } from "./traffic_meter.ts";

const count = z.int().min(0);
const rate = z.number().min(0).nullable();

const rates = {
  requests: count.describe("Requests since the start; 0 if requests are not counted"),
  requests_per_second: rate.describe("null if requests are not counted"),
  errors_per_second: rate.describe("Failed requests; null if requests are not counted"),
  p50_ms: rate.describe("Median duration; null without requests"),
  p99_ms: rate.describe("99th percentile of durations; null without requests"),
};

const SERVER_STATS = z.object({
  url: z.string(),
  name: z.string(),
  discovered_by: z.string()
    .describe("The URL of the source that discovered it; only on a discovered server").optional(),
  state: z.enum(SERVER_STATES),
  reason: z.string().nullable().describe("Why it takes no requests; null if it does"),
  weight: count,
  active: count.describe("Active requests"),
  share: z.number().min(0).max(1).describe("Expected share of the requests"),
  ...rates,
  last_check: CHECK_REPORT.nullable(),
}).meta({ id: "ServerStats" });

/** Answer of `/stats`. */
export const STATS = z.object({
  time: z.iso.datetime(),
  version: z.string(),
  uptime_seconds: z.number().min(0),
  workers: z.int().min(1).describe("Threads that accept connections"),
  metrics: z.boolean().describe("Whether requests are counted"),
  window_seconds: z.number().min(0).describe("Period of the rates and durations"),
  total: z.object({
    ...rates,
    refused: count.describe("Requests that no server answered"),
    active: count,
    waiting: count.describe("Requests that wait for a server"),
    bytes_sent: count.describe("Content sent to the servers"),
    bytes_received: count.describe("Content received from the servers"),
  }).describe("All traffic, that of removed servers included"),
  servers: z.array(SERVER_STATS).describe("The servers, in the order in which they were added"),
  registry: REGISTRY.describe("In a cluster: the connection to etcd").optional(),
}).meta({ id: "Stats" });

/** Answer of `/stats`. */
export type StatsJson = Answer<typeof STATS>;

/** Traffic of one server, in the answer of `/stats`. */
export type ServerStatsJson = Answer<typeof SERVER_STATS>;

/**
 * `/stats` and `/metrics`.
 *
 * @param meter Measures the traffic.
 * @param clock The time of day.
 */
export function statsRoutes(meter: TrafficMeter, clock: Clock): Routes {
  return {
    "/stats": {
      GET: {
        handler: (target) => statsJson(target, meter, clock),
        summary: "Report the traffic over about the last ten seconds",
        answers: {
          200: { description: "The traffic", content: { "application/json": STATS } },
        },
      },
    },
    "/metrics": {
      GET: {
        handler: metricsResponse,
        summary: "Report metrics for Prometheus",
        answers: {
          200: {
            description: "Metrics in Prometheus' text format",
            content: { "text/plain": z.string() },
          },
        },
      },
    },
  };
}

async function metricsResponse({ balancer, cluster }: AdminTarget): Promise<Response> {
  const text = await writeMetrics({
    servers: balancer.servers(),
    traffic: balancer.traffic(),
    registry: cluster?.registry,
    version: VERSION,
  });
  return new Response(text, {
    headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
  });
}

function statsJson(
  { balancer, cluster }: AdminTarget,
  meter: TrafficMeter,
  clock: Clock,
): StatsJson {
  const { traffic, window, total, refused, servers } = meter.measure();
  const statuses = balancer.servers();
  const shares = predictShares(statuses);
  return {
    time: clock.date().toISOString(),
    version: VERSION,
    uptime_seconds: rounded(traffic.uptime),
    workers: balancer.workers,
    metrics: traffic.countsRequests,
    window_seconds: rounded(window),
    total: {
      ...ratesJson(total),
      refused,
      active: statuses.reduce((sum, { active }) => sum + active, 0),
      waiting: traffic.overall.waiting,
      bytes_sent: traffic.total.bytesSent,
      bytes_received: traffic.total.bytesReceived,
    },
    servers: statuses.map((status, i) =>
      serverStatsJson(status, shares[i]!, servers.get(status.url)!)
    ),
    ...(cluster === undefined ? {} : { registry: registryJson(cluster.registry) }),
  };
}

function serverStatsJson(
  status: ServerStatus,
  share: number,
  measurement: Measurement,
): ServerStatsJson {
  const { url, name, weight, active, discoveredBy, lastCheck } = status;
  return {
    url,
    name,
    ...(discoveredBy === undefined ? {} : { discovered_by: discoveredBy }),
    ...serverState(status),
    weight,
    active,
    share: Math.round(share * 1e6) / 1e6,
    ...ratesJson(measurement),
    last_check: lastCheck === undefined ? null : checkReportJson(lastCheck),
  };
}

function ratesJson({ requests, requestsPerSecond, errorsPerSecond, p50, p99 }: Measurement) {
  return {
    requests,
    requests_per_second: roundedOrNull(requestsPerSecond),
    errors_per_second: roundedOrNull(errorsPerSecond),
    p50_ms: roundedOrNull(p50),
    p99_ms: roundedOrNull(p99),
  };
}

function roundedOrNull(number: number | undefined): number | null {
  return number === undefined ? null : rounded(number);
}

function rounded(number: number): number {
  return Math.round(number * 1000) / 1000;
}

/** Whether a server takes requests, and why not. Of several reasons, the strongest counts. */
export function serverState(status: ServerStatus): { state: ServerState; reason: string | null } {
  const { healthy, ejection, draining, lastCheck } = status;
  if (effectiveWeight(status) === 0) {
    return {
      state: "draining",
      reason: draining ? "takes no new requests" : "its weight is 0",
    };
  }
  if (!healthy) return { state: "unhealthy", reason: checkReason(lastCheck) };
  if (ejection === undefined) return { state: "up", reason: null };
  return { state: ejection.onTrial ? "on_trial" : "ejected", reason: ejection.why };
}

function checkReason(check: CheckReport | undefined): string | null {
  if (check === undefined) return null;
  return check.passed ? `${check.detail}, and more checks have to pass` : check.detail;
}
