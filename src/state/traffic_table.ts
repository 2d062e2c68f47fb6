import type { ErrorCode } from "../model/errors.ts";
import type { FailureKind } from "../model/ejection_state.ts";
import {
  BUCKETS,
  BYTES_RECEIVED,
  BYTES_SENT,
  CHECKS_FAILED,
  CHECKS_PASSED,
  CONNECTION_FAILURES,
  CONNECTIONS_IDLE,
  CONNECTIONS_OPEN,
  CONNECTIONS_OPENED,
  CONNECTIONS_REUSED,
  counterColumn,
  LATENCY_BOUNDS,
  RESPONSE_FAILURES,
  SECONDS,
  type ServerCounter,
  type ServerTraffic,
  serverTraffic,
  type Traffic,
  TRAFFIC_ROW,
} from "./traffic.ts";
import type { TableMemory } from "./table_memory.ts";

/** Layout of the row that concerns no server: one number for each error, then these. */
const WAITING = 30;
const WAITED = 31;

/** Error codes of requests that no server responded to, in the order of the row. */
const REFUSALS = [
  ...["no_server", "overloaded", "queue_timeout", "connect_failed", "connect_timeout"],
  ...["out_of_resources", "no_route"],
  ...["response_timeout", "closed_early", "incomplete", "bad_response", "client_gone"],
  ...["request_timeout", "content_too_large", "head_too_large", "bad_request", "closed"],
  "internal",
] as readonly ErrorCode[];

/** Properties that are counted of a request that a server has answered. */
export interface CountedRequest {
  /** The status, 101 or 200 to 599. */
  readonly status: number;
  /**
   * Time from its arrival until the response was delivered or, if it has up to 64 KiB, handed to
   * the platform, in milliseconds.
   */
  readonly duration: number;
  /** Content sent to the server, in bytes. */
  readonly bytesSent: number;
  /** Content received from the server, in bytes. */
  readonly bytesReceived: number;
}

/** Counts of the servers at one moment. */
export interface TrafficSnapshot {
  /** Sum over all servers, including removed ones. */
  readonly total: ServerTraffic;
  /** Counts of the server in this slot. */
  readonly server: (slot: number) => ServerTraffic;
}

/**
 * Traffic counts for operators: each thread has its own row of numbers for each slot of the state
 * table, so that threads do not contend. The rows are summed when the counts are read.
 *
 * A row starts with zeros when a server gets the slot. Count before the request ends in the state
 * table, as the slot may get another server after that.
 */
export class TrafficTable {
  readonly #memory: TableMemory;
  /** Rows of each thread. */
  readonly #all: readonly Float64Array[];
  readonly #own: Float64Array;

  /**
   * @param memory The memory of the state table.
   * @param thread The number of the thread that counts in this table.
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

  /** Counts a request to the server in this slot on a new or reused connection. */
  countConnection(slot: number, reused: boolean): void {
    this.#own[slot * TRAFFIC_ROW + (reused ? CONNECTIONS_REUSED : CONNECTIONS_OPENED)]! += 1;
  }

  /** Counts a failed attempt at the server in this slot. */
  countFailure(slot: number, kind: FailureKind): void {
    const column = kind === "connection" ? CONNECTION_FAILURES : RESPONSE_FAILURES;
    this.#own[slot * TRAFFIC_ROW + column]! += 1;
  }

  /** Counts a health check of the server in this slot. */
  countCheck(slot: number, passed: boolean): void {
    this.#own[slot * TRAFFIC_ROW + (passed ? CHECKS_PASSED : CHECKS_FAILED)]! += 1;
  }

  /** Adds 1 to a counter of the server in this slot. */
  count(slot: number, counter: ServerCounter): void {
    this.#own[slot * TRAFFIC_ROW + counterColumn(counter)]! += 1;
  }

  /** Counts a request that no server responded to. */
  countRefusal(code: ErrorCode): void {
    const known = REFUSALS.indexOf(code);
    const column = known === -1 ? REFUSALS.indexOf("internal") : known;
    this.#own[this.#memory.capacity * TRAFFIC_ROW + column]! += 1;
  }

  /** Counts a request that was queued. */
  countWait(): void {
    this.#own[this.#memory.capacity * TRAFFIC_ROW + WAITED]! += 1;
  }

  /** Sets the number of requests in this thread's queue. */
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
      total: serverTraffic(total, 0),
      server: (slot) => serverTraffic(sums, slot * TRAFFIC_ROW),
    };
  }

  /** Sums the counts that concern no server over all threads. */
  overall(): Traffic["overall"] {
    const sum = this.#sum(this.#memory.capacity);
    return {
      refusals: REFUSALS.map((code, i) => [code, sum[i]!]),
      waiting: sum[WAITING]!,
      waited: sum[WAITED]!,
    };
  }

  /** Sums a range of rows over all threads. */
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

/**
 * Resets the counts of a slot that gets another server. The counts of the previous server are added
 * to a row for removed servers, so that the total never falls.
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
