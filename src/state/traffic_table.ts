import type { ErrorCode } from "../model/errors.ts";
import type { Server } from "../model/server.ts";
import type { FailureKind } from "../model/ejection_state.ts";
import { type TableMemory, TRAFFIC_ROW } from "./table_memory.ts";

/** Upper bounds of the latency buckets, in seconds; one more bucket is above the last. */
export const LATENCY_BOUNDS: readonly number[] = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25],
  ...[0.5, 1, 2.5, 5, 10, 30, 60],
];

/** Columns of a server's row. The first five are the responses of 1xx to 5xx. */
const CONNECTION_FAILURES = 5;
const RESPONSE_FAILURES = 6;
const RETRIES = 7;
const BYTES_SENT = 8;
const BYTES_RECEIVED = 9;
const CONNECTIONS_OPENED = 10;
const CONNECTIONS_REUSED = 11;
const CONNECTIONS_OPEN = 12;
const CONNECTIONS_IDLE = 13;
const CHECKS_PASSED = 14;
const CHECKS_FAILED = 15;
const EJECTIONS = 16;
const SECONDS = 17;
const BUCKETS = 18;

/** Columns of the row without a server, behind one for each error code. */
const WAITING = 30;
const WAITED = 31;

/** Error codes of requests without a server's response, in the order of the row. */
const REFUSALS = [
  ...["no_server", "overloaded", "queue_timeout", "connect_failed", "connect_timeout"],
  ...["out_of_resources", "no_route"],
  ...["response_timeout", "closed_early", "incomplete", "bad_response", "client_gone"],
  ...["request_timeout", "content_too_large", "head_too_large", "bad_request", "closed"],
  "internal",
] as readonly ErrorCode[];

/** A request with a server's response, as far as it is counted. */
export interface CountedRequest {
  /** The status, 101 or 200 to 599. */
  readonly status: number;
  /**
   * Time from its arrival until the response was delivered, in milliseconds; for a response in one
   * piece, of up to 64 KiB, until the platform had it.
   */
  readonly duration: number;
  /** Content sent to the server, in bytes. */
  readonly bytesSent: number;
  /** Content received from the server, in bytes. */
  readonly bytesReceived: number;
}

/** Counters of a server since it was added. */
export interface ServerTraffic {
  /** Responses by status class: 1xx (WebSockets), 2xx, 3xx, 4xx, 5xx. */
  readonly responses: readonly [number, number, number, number, number];
  /** Failed attempts: the connection could not be made, or the response was invalid or broke off. */
  readonly failures: { readonly connection: number; readonly response: number };
  /** Failed attempts that were followed by one on another server. */
  readonly retries: number;
  /** Content sent to the server, in bytes. */
  readonly bytesSent: number;
  /** Content received from the server, in bytes. */
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
  /** Number of its ejections. */
  readonly ejections: number;
  /** Durations of requests, without WebSockets. */
  readonly latency: {
    /** Sum in seconds. */
    readonly sum: number;
    /** Requests in each bucket; {@linkcode LATENCY_BOUNDS} has the upper bounds. */
    readonly buckets: readonly number[];
  };
}

/** Counters of a balancer. */
export interface Traffic {
  /** Counters of each server, in the order in which they were added. */
  readonly servers: readonly (ServerTraffic & { readonly server: Server })[];
  /** Sums over all servers, including removed ones. */
  readonly total: ServerTraffic;
  /** Counters that concern no single server. */
  readonly overall: {
    /** Requests answered with an error by the balancer itself, by error code. */
    readonly refusals: readonly (readonly [code: ErrorCode, count: number])[];
    /** Requests in the queue now. */
    readonly waiting: number;
    /** Requests that were queued. */
    readonly waited: number;
  };
  /** Whether requests are counted: not with `metrics: false`, where their counts stay 0. */
  readonly countsRequests: boolean;
  /** Time since the balancer was started, in seconds. */
  readonly uptime: number;
}

/** Counts of the servers at one moment. */
export interface TrafficSnapshot {
  /** Sum of all servers, including removed ones. */
  readonly total: ServerTraffic;
  /** Counts of the server in this slot. */
  readonly server: (slot: number) => ServerTraffic;
}

/**
 * Counts for operators: a row of numbers for each slot of the state table, separately for each thread,
 * so that threads do not contend. Sums are computed on demand.
 *
 * A row starts with zeros when a server is added. Counts of a request must precede its end in the
 * state table, as the slot may belong to another server after that.
 */
export class TrafficTable {
  readonly #memory: TableMemory;
  /** Rows of each thread. */
  readonly #all: readonly Float64Array[];
  readonly #own: Float64Array;

  /**
   * @param memory Memory of the table.
   * @param thread Number of the thread that counts in this table.
   */
  constructor(memory: TableMemory, thread = 0) {
    this.#memory = memory;
    this.#all = Array.from({ length: memory.threads }, (_, thread) => rows(memory, thread));
    this.#own = this.#all[thread]!;
  }

  /** Counts a request with a response of the server in this slot. */
  countRequest(slot: number, request: CountedRequest): void {
    const own = this.#own;
    const row = slot * TRAFFIC_ROW;
    const { status } = request;
    own[row + Math.trunc(status / 100) - 1]! += 1;
    own[row + BYTES_SENT]! += request.bytesSent;
    own[row + BYTES_RECEIVED]! += request.bytesReceived;
    // The duration of a WebSocket says nothing about the server.
    if (status === 101) return;
    const seconds = request.duration / 1000;
    own[row + SECONDS]! += seconds;
    let bucket = 0;
    while (bucket < LATENCY_BOUNDS.length && seconds > LATENCY_BOUNDS[bucket]!) bucket++;
    own[row + BUCKETS + bucket]! += 1;
  }

  /** Counts the use of a new or a reused connection to the server in this slot. */
  countConnection(slot: number, reused: boolean): void {
    this.#own[slot * TRAFFIC_ROW + (reused ? CONNECTIONS_REUSED : CONNECTIONS_OPENED)]! += 1;
  }

  /** Counts a failed attempt at the server in this slot. */
  countFailure(slot: number, kind: FailureKind): void {
    const column = kind === "connection" ? CONNECTION_FAILURES : RESPONSE_FAILURES;
    this.#own[slot * TRAFFIC_ROW + column]! += 1;
  }

  /** Counts the retry of a request that failed at the server in this slot. */
  countRetry(slot: number): void {
    this.#own[slot * TRAFFIC_ROW + RETRIES]! += 1;
  }

  /** Counts a health check of the server in this slot. */
  countCheck(slot: number, passed: boolean): void {
    this.#own[slot * TRAFFIC_ROW + (passed ? CHECKS_PASSED : CHECKS_FAILED)]! += 1;
  }

  /** Counts an ejection of the server in this slot. */
  countEjection(slot: number): void {
    this.#own[slot * TRAFFIC_ROW + EJECTIONS]! += 1;
  }

  /** Counts a request without a server's response. */
  countRefusal(code: ErrorCode): void {
    const known = REFUSALS.indexOf(code);
    const column = known === -1 ? REFUSALS.indexOf("internal") : known;
    this.#own[this.#memory.capacity * TRAFFIC_ROW + column]! += 1;
  }

  /** Counts a request that has to wait for a server. */
  countWait(): void {
    this.#own[this.#memory.capacity * TRAFFIC_ROW + WAITED]! += 1;
  }

  /** Sets the number of requests that wait on this thread. */
  setWaiting(count: number): void {
    this.#own[this.#memory.capacity * TRAFFIC_ROW + WAITING] = count;
  }

  /** Sets the number of connections of this thread to the server in this slot. */
  setConnections(slot: number, { open, idle }: { open: number; idle: number }): void {
    this.#own[slot * TRAFFIC_ROW + CONNECTIONS_OPEN] = open;
    this.#own[slot * TRAFFIC_ROW + CONNECTIONS_IDLE] = idle;
  }

  /**
   * Sums the counts of the servers over all threads.
   *
   * @param end Number of slots that were ever used. Default: all slots.
   */
  snapshot(end: number = this.#memory.capacity): TrafficSnapshot {
    const sums = this.#sum(0, end);
    const total = this.#sum(this.#memory.capacity + 1);
    for (let row = 0; row < sums.length; row += TRAFFIC_ROW) {
      for (let i = 0; i < TRAFFIC_ROW; i++) total[i]! += sums[row + i]!;
    }
    return {
      total: asTraffic(total, 0),
      server: (slot) => asTraffic(sums, slot * TRAFFIC_ROW),
    };
  }

  /** Sums the counts without a server over all threads. */
  overall(): Traffic["overall"] {
    const sum = this.#sum(this.#memory.capacity);
    return {
      refusals: REFUSALS.map((code, i) => [code, sum[i]!]),
      waiting: sum[WAITING]!,
      waited: sum[WAITED]!,
    };
  }

  /** Rows from one to before another, summed over all threads. */
  #sum(from: number, to = from + 1): Float64Array {
    const [first, ...others] = this.#all;
    const sums = first!.slice(from * TRAFFIC_ROW, to * TRAFFIC_ROW);
    for (const rows of others) {
      let at = from * TRAFFIC_ROW;
      for (let i = 0; i < sums.length; i++) sums[i]! += rows[at++]!;
    }
    return sums;
  }
}

function asTraffic(sums: Float64Array, row: number): ServerTraffic {
  const buckets = new Array<number>(TRAFFIC_ROW - BUCKETS);
  for (let i = 0; i < buckets.length; i++) buckets[i] = sums[row + BUCKETS + i]!;
  return {
    responses: [sums[row]!, sums[row + 1]!, sums[row + 2]!, sums[row + 3]!, sums[row + 4]!],
    failures: {
      connection: sums[row + CONNECTION_FAILURES]!,
      response: sums[row + RESPONSE_FAILURES]!,
    },
    retries: sums[row + RETRIES]!,
    bytesSent: sums[row + BYTES_SENT]!,
    bytesReceived: sums[row + BYTES_RECEIVED]!,
    connections: {
      opened: sums[row + CONNECTIONS_OPENED]!,
      reused: sums[row + CONNECTIONS_REUSED]!,
      open: sums[row + CONNECTIONS_OPEN]!,
      idle: sums[row + CONNECTIONS_IDLE]!,
    },
    checks: { passed: sums[row + CHECKS_PASSED]!, failed: sums[row + CHECKS_FAILED]! },
    ejections: sums[row + EJECTIONS]!,
    latency: { sum: sums[row + SECONDS]!, buckets },
  };
}

/**
 * Resets the counts of a slot for a new server. Those of the previous server are added to the row of
 * removed servers, so that the total never falls.
 */
export function clearTraffic(memory: TableMemory, slot: number): void {
  const removed = (memory.capacity + 1) * TRAFFIC_ROW;
  for (let thread = 0; thread < memory.threads; thread++) {
    const all = rows(memory, thread);
    const row = all.subarray(slot * TRAFFIC_ROW, (slot + 1) * TRAFFIC_ROW);
    // Gauges, not counts.
    row[CONNECTIONS_OPEN] = row[CONNECTIONS_IDLE] = 0;
    for (let i = 0; i < TRAFFIC_ROW; i++) all[removed + i]! += row[i]!;
    row.fill(0);
  }
}

/** Rows of one thread. */
function rows({ traffic, capacity }: TableMemory, thread: number): Float64Array {
  const length = (capacity + 2) * TRAFFIC_ROW;
  return new Float64Array(traffic, thread * length * 8, length);
}
