import { TRAFFIC_ROW } from "./traffic.ts";

/** Default number of slots. */
export const DEFAULT_CAPACITY = 65_536;

/** Number of columns that all threads share. */
const SHARED_COLUMNS = 9;
/** Number of columns of each thread. */
const OWN_COLUMNS = 2;
/** Length of the header without the heartbeats. */
const HEADER_NUMBERS = 2;
/** Number of slots in a block of the activity, as a power of two; documented in `TableView`. */
export const ACTIVITY_SHIFT = 6;
/** Number of used slots from which activity is counted; with fewer, a scan is faster. */
export const ACTIVITY_FROM = 256;
/** Number of threads in one number of the summary of the cross-thread queue. */
export const SUMMARY_BITS = 32;

/**
 * Memory of a state table. It can be posted to other threads, each of which makes a table over it.
 * Unused slots cost nothing, as the operating system allocates pages on the first write.
 */
export interface TableMemory {
  /** Number of slots. */
  readonly capacity: number;
  /** Number of threads that count in it, 1 or more. */
  readonly threads: number;
  /** The columns: an `ArrayBuffer` for one thread, a `SharedArrayBuffer` for several. */
  readonly buffer: ArrayBufferLike;
  /** Rows of the traffic table. */
  readonly traffic: ArrayBufferLike;
}

/** Views of a table's memory. */
export interface TableColumns {
  /** Generation, end, and the heartbeats of each thread. */
  readonly header: Int32Array;
  /**
   * The cross-thread queue: the last ticket; for each thread, its oldest ticket (0 for none); for each
   * thread, for how many free servers it was called; and a bit for each thread on which requests wait.
   */
  readonly crossThreadQueue: Int32Array;
  /** Number of changes of active requests in each block of slots, modulo 2³². */
  readonly activity: Int32Array;
  /** Configured weight of each server. */
  readonly weight: Uint32Array;
  /** 1 if the server is unhealthy. */
  readonly unhealthy: Int32Array;
  /** Whether the slot is free, reserved for a server, or open to requests. */
  readonly use: Int32Array;
  /** The most active requests of each server; 0 for no limit. */
  readonly limit: Uint32Array;
  /** Share of its weight that the server has, in thousandths. */
  readonly share: Uint32Array;
  /** Index of the ejection state of each server. */
  readonly ejectionState: Int32Array;
  /** Consecutive failed connections, on all threads. */
  readonly connectionFailures: Int32Array;
  /** Consecutive failed responses, on all threads. */
  readonly responseFailures: Int32Array;
  /** Active requests, on all threads. */
  readonly active: Int32Array;
  /** Active requests of each thread. */
  readonly own: readonly Int32Array[];
  /** Picks of each thread. */
  readonly picked: readonly Uint32Array[];
}

/**
 * Allocates the memory of a table.
 *
 * @param capacity Number of slots.
 * @param threads Number of threads that count in it.
 */
export function allocateMemory(capacity: number, threads: number): TableMemory {
  const columns = SHARED_COLUMNS + OWN_COLUMNS * threads;
  const before = HEADER_NUMBERS + threads + queueNumbers(threads) + activityNumbers(capacity);
  const bytes = (before + capacity * columns) * 4;
  // Two more rows: for counts without a server, and for removed servers.
  const trafficBytes = (capacity + 2) * TRAFFIC_ROW * 8 * threads;
  return {
    capacity,
    threads,
    buffer: allocate(bytes, threads),
    traffic: allocate(trafficBytes, threads),
  };
}

function allocate(bytes: number, threads: number): ArrayBufferLike {
  return threads === 1 ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

function queueNumbers(threads: number): number {
  return 1 + 2 * threads + Math.ceil(threads / SUMMARY_BITS);
}

function activityNumbers(capacity: number): number {
  return Math.ceil(capacity / 2 ** ACTIVITY_SHIFT);
}

/** Lays out the columns over the memory, identically on every thread. */
export function layOut({ capacity, threads, buffer }: TableMemory): TableColumns {
  const header = new Int32Array(buffer, 0, HEADER_NUMBERS + threads);
  const crossThreadQueue = new Int32Array(buffer, header.byteLength, queueNumbers(threads));
  let offset = header.byteLength + crossThreadQueue.byteLength;
  const activity = new Int32Array(buffer, offset, activityNumbers(capacity));
  offset += activity.byteLength;
  function column<T>(
    Column: new (buffer: ArrayBufferLike, offset: number, length: number) => T,
  ): T {
    const made = new Column(buffer, offset, capacity);
    offset += capacity * 4;
    return made;
  }
  return {
    header,
    crossThreadQueue,
    activity,
    weight: column(Uint32Array),
    unhealthy: column(Int32Array),
    use: column(Int32Array),
    limit: column(Uint32Array),
    share: column(Uint32Array),
    ejectionState: column(Int32Array),
    connectionFailures: column(Int32Array),
    responseFailures: column(Int32Array),
    active: column(Int32Array),
    own: Array.from({ length: threads }, () => column(Int32Array)),
    picked: Array.from({ length: threads }, () => column(Uint32Array)),
  };
}
