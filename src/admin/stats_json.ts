import type { Clock } from "../runtime/clock.ts";
import type { ServerState } from "../model/server_state.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { predictShares } from "../model/shares.ts";
import { VERSION } from "../model/version.ts";
import { type RegistryJson, registryJson } from "./registry_json.ts";
import { type ServerStatusJson, serverStatusJson } from "./server_json.ts";
import { serverState } from "./server_state.ts";
import type { AdminTarget } from "./target.ts";
import type { Measurement, TrafficMeter } from "./traffic_meter.ts";

/** How many requests there are and how long they take, as the admin API writes it. */
export interface RatesJson {
  /** Requests since the beginning; 0 where they are not counted. */
  readonly requests: number;
  /** Requests in a second; null where they are not counted. */
  readonly requests_per_second: number | null;
  /** Requests that failed in a second; null where they are not counted. */
  readonly errors_per_second: number | null;
  /** How long half of them took, in milliseconds; null if there were none. */
  readonly p50_ms: number | null;
  /** How long 99 of a hundred took at most, in milliseconds; null if there were none. */
  readonly p99_ms: number | null;
}

/** What the traffic of a server is, as the admin API writes it. */
export interface ServerStatsJson extends RatesJson {
  /** The server's URL in canonical form. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** The URL of the entry that has found it; only there on a server that was found. */
  readonly discovered_by?: string | undefined;
  /** Whether it takes requests. */
  readonly state: ServerState;
  /** Why it does not, for people; null if it does. */
  readonly reason: string | null;
  /** Its weight. */
  readonly weight: number;
  /** How many requests it is working on. */
  readonly active: number;
  /** The share of the requests that it gets, 0 to 1. */
  readonly share: number;
  /** What the latest health check found; null before the first. */
  readonly last_check: ServerStatusJson["last_check"];
}

/** What the traffic is, as the admin API writes it. */
export interface StatsJson {
  /** The time of day, as RFC 3339. */
  readonly time: string;
  /** The version of Ballast. */
  readonly version: string;
  /** How long the balancer has been running. */
  readonly uptime_seconds: number;
  /** How many threads accept connections. */
  readonly workers: number;
  /** Whether requests are counted: not with `metrics: false`. */
  readonly metrics: boolean;
  /** How many seconds the rates and latencies are over. */
  readonly window_seconds: number;
  /** Everything together, servers that were removed included. */
  readonly total: RatesJson & {
    /** Requests that no server answered. */
    readonly refused: number;
    /** How many requests the servers are working on. */
    readonly active: number;
    /** How many requests wait for a server. */
    readonly waiting: number;
    /** Content that went to the servers. */
    readonly bytes_sent: number;
    /** Content that came from them. */
    readonly bytes_received: number;
  };
  /** Each server, in the order in which they were added. */
  readonly servers: readonly ServerStatsJson[];
  /** How it is connected to what keeps the servers for several balancers; not there where nothing does. */
  readonly registry?: RegistryJson | undefined;
}

/**
 * What the traffic is, as JSON.
 *
 * @param target The balancer.
 * @param meter What measures its traffic.
 * @param clock The time of day.
 */
export function statsJson(target: AdminTarget, meter: TrafficMeter, clock: Clock): StatsJson {
  const { traffic, window, total, refused, servers } = meter.measure();
  const { balancer, cluster } = target;
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
  const { url, name, weight, active, discoveredBy } = status;
  return {
    url,
    name,
    ...(discoveredBy === undefined ? {} : { discovered_by: discoveredBy }),
    ...serverState(status),
    weight,
    active,
    share: Math.round(share * 1e6) / 1e6,
    ...ratesJson(measurement),
    last_check: serverStatusJson(status).last_check,
  };
}

function ratesJson(
  { requests, requestsPerSecond, errorsPerSecond, p50, p99 }: Measurement,
): RatesJson {
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
