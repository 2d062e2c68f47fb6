import type { ErrorCode } from "../model/errors.ts";
import type { Server } from "../model/server.ts";

/**
 * Upper bounds of the latency buckets, in seconds. One more bucket holds everything above the last.
 */
export const LATENCY_BOUNDS: readonly number[] = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  ...[0.5, 1, 2.5, 5, 10, 30, 60],
];

/** Traffic counters of a balancer. */
export interface Traffic {
  /** Counters of each server, in the order in which they were added. */
  readonly servers: readonly (Traffic["total"] & { readonly server: Server })[];
  /** Sums over all servers, including removed ones. */
  readonly total: {
    /** Responses by the class of their status: 1xx (WebSockets), 2xx, 3xx, 4xx, 5xx. */
    readonly responses: readonly [number, number, number, number, number];
    /**
     * Failed attempts: connections that could not be made, and responses that were invalid or
     * incomplete.
     */
    readonly failures: { readonly connection: number; readonly response: number };
    /** Failed attempts that were retried on another server. */
    readonly retries: number;
    /** Content sent to servers, in bytes. */
    readonly bytesSent: number;
    /** Content received from servers, in bytes. */
    readonly bytesReceived: number;
    /** Connections that were opened for a request, and pooled ones that were reused. */
    readonly connections: {
      readonly opened: number;
      readonly reused: number;
      /** Open connections, idle ones included. */
      readonly open: number;
      /** Idle connections. */
      readonly idle: number;
    };
    /** Health checks by result. */
    readonly checks: { readonly passed: number; readonly failed: number };
    /** Number of ejections. */
    readonly ejections: number;
    /** Durations of requests, without WebSockets. */
    readonly latency: {
      /** Sum in seconds. */
      readonly sum: number;
      /** Requests in each bucket; {@linkcode LATENCY_BOUNDS} has the upper bounds. */
      readonly buckets: readonly number[];
    };
  };
  /** Counters that do not belong to a particular server. */
  readonly overall: {
    /** Requests answered with an error by the balancer itself, by error code. */
    readonly refusals: readonly (readonly [code: ErrorCode, count: number])[];
    /** Requests in the queue now. */
    readonly waiting: number;
    /** Requests that were queued. */
    readonly waited: number;
  };
  /** Whether requests are counted; with `metrics: false`, their counts stay 0. */
  readonly countsRequests: boolean;
  /** Seconds since the balancer was created. */
  readonly uptime: number;
}

/** Counters of one server since it was added. */
export type ServerTraffic = Traffic["total"];

/** Name of a counter: a field of {@linkcode ServerTraffic} that is a single number. */
export type ServerCounter = {
  [K in keyof ServerTraffic]: ServerTraffic[K] extends number ? K : never;
}[keyof ServerTraffic];

/** Declaration of a counter. */
interface CounterDeclaration {
  /** Name of the metric. */
  readonly metric: string;
  /** Description of the metric, in one line. */
  readonly help: string;
  /** `requests` if it stays 0 where requests are not counted (`metrics: false`), else `server`. */
  readonly of: "requests" | "server";
}

/**
 * The counters with their metrics. A new one needs no more than this, its field above, and a count.
 */
export const SERVER_COUNTERS: Readonly<Record<ServerCounter, CounterDeclaration>> = {
  retries: {
    metric: "ballast_retries_total",
    help: "Requests that were retried on another server after this one failed them.",
    of: "requests",
  },
  bytesSent: {
    metric: "ballast_request_bytes_total",
    help: "Content sent to the server with the requests it responded to, in bytes.",
    of: "requests",
  },
  bytesReceived: {
    metric: "ballast_response_bytes_total",
    help: "Content received from the server, in bytes.",
    of: "requests",
  },
  ejections: {
    metric: "ballast_ejections_total",
    help: "Times the server was ejected for failing requests.",
    of: "server",
  },
};
const COUNTERS = Object.keys(SERVER_COUNTERS) as ServerCounter[];

// Layout of the row of a server. The first five numbers are the responses of 1xx to 5xx.
export const CONNECTION_FAILURES = 5;
export const RESPONSE_FAILURES = 6;
export const CONNECTIONS_OPENED = 7;
export const CONNECTIONS_REUSED = 8;
export const CONNECTIONS_OPEN = 9;
export const CONNECTIONS_IDLE = 10;
export const CHECKS_PASSED = 11;
export const CHECKS_FAILED = 12;
export const SECONDS = 13;
export const BUCKETS = 14;
const FIRST_COUNTER = BUCKETS + LATENCY_BOUNDS.length + 1;
export const BYTES_SENT = FIRST_COUNTER + COUNTERS.indexOf("bytesSent");
export const BYTES_RECEIVED = FIRST_COUNTER + COUNTERS.indexOf("bytesReceived");

/** Number of 64-bit numbers in a row. */
export const TRAFFIC_ROW: number = FIRST_COUNTER + COUNTERS.length;

/** Index of a counter in the row of a server. */
export function counterColumn(counter: ServerCounter): number {
  return FIRST_COUNTER + COUNTERS.indexOf(counter);
}

/** Reads the row of a server, as summed over all threads. */
export function serverTraffic(sums: Float64Array, row: number): ServerTraffic {
  const buckets = new Array<number>(LATENCY_BOUNDS.length + 1);
  for (let i = 0; i < buckets.length; i++) buckets[i] = sums[row + BUCKETS + i]!;
  const counters = {} as Record<ServerCounter, number>;
  for (let i = 0; i < COUNTERS.length; i++) counters[COUNTERS[i]!] = sums[row + FIRST_COUNTER + i]!;
  return {
    ...counters,
    responses: [sums[row]!, sums[row + 1]!, sums[row + 2]!, sums[row + 3]!, sums[row + 4]!],
    failures: {
      connection: sums[row + CONNECTION_FAILURES]!,
      response: sums[row + RESPONSE_FAILURES]!,
    },
    connections: {
      opened: sums[row + CONNECTIONS_OPENED]!,
      reused: sums[row + CONNECTIONS_REUSED]!,
      open: sums[row + CONNECTIONS_OPEN]!,
      idle: sums[row + CONNECTIONS_IDLE]!,
    },
    checks: { passed: sums[row + CHECKS_PASSED]!, failed: sums[row + CHECKS_FAILED]! },
    latency: { sum: sums[row + SECONDS]!, buckets },
  };
}
