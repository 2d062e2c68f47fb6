import { TRAFFIC_ROW } from "./server_traffic.ts";

/** How many servers a state table has room for where nothing else is said. */
export const DEFAULT_CAPACITY = 65_536;

/** Columns that there are once for all threads. */
const SHARED_COLUMNS = 9;
/** Columns that each thread has of its own. */
const OWN_COLUMNS = 2;
/** Numbers before the columns, beside one for each thread. */
const HEADER_NUMBERS = 2;
/** How many slots one number of the activity is for, as a power of two; `TableView` names it. */
export const ACTIVITY_SHIFT = 6;
/** How many slots a table has to have used for its activity to be told: below, a look is faster. */
export const ACTIVITY_FROM = 256;
/** How many threads one number of the summary of a waiting room has a bit for. */
export const ROOM_BITS = 32;

/**
 * The memory under a state table. It can be posted to other threads, each of which makes a table
 * of its own over it. Untouched slots cost nothing: the operating system hands out pages when they
 * are first written.
 */
export interface TableMemory {
  /** The number of slots. */
  readonly capacity: number;
  /** How many threads count requests in it, 1 or more. */
  readonly threads: number;
  /** The columns: an `ArrayBuffer` for one thread, a `SharedArrayBuffer` for several. */
  readonly buffer: ArrayBufferLike;
  /** What each thread has counted for operators to see; laid out by the traffic table. */
  readonly traffic: ArrayBufferLike;
}

/** The columns of a table as one thread sees them. */
export interface TableColumns {
  /** Numbers of the table as a whole: its generation, its end, and a pulse for each thread. */
  readonly header: Int32Array;
  /**
   * The waiting room: the last ticket, then for each thread the oldest ticket there (0 for none),
   * then for each thread how many places it was called for, then a bit for each thread where somebody waits.
   */
  readonly room: Int32Array;
  /** For each block of slots, how often an active in it was changed, modulo 2³². */
  readonly activity: Int32Array;
  /** The weight of each slot's server. */
  readonly weight: Uint32Array;
  /** 1 where the server is not healthy. */
  readonly unhealthy: Int32Array;
  /** Whether the slot is free, reserved for a server, or open for its requests. */
  readonly use: Int32Array;
  /** The most requests that each slot's server works on at once; 0 for no limit. */
  readonly limit: Uint32Array;
  /** The share of its weight that the server has, in thousandths; 0 for all of it. */
  readonly share: Uint32Array;
  /** Index of the ejection state of each server. */
  readonly ejectionState: Int32Array;
  /** Failed connections in a row, of all threads together. */
  readonly connectionFailures: Int32Array;
  /** Failed responses in a row, of all threads together. */
  readonly responseFailures: Int32Array;
  /** Active requests of all threads together. */
  readonly active: Int32Array;
  /** Active requests of each thread. */
  readonly own: readonly Int32Array[];
  /** Requests that each thread has given to the server. */
  readonly picked: readonly Uint32Array[];
}

/**
 * Takes memory for a table.
 *
 * @param capacity The number of slots.
 * @param threads How many threads are to count in it.
 */
export function allocateMemory(capacity: number, threads: number): TableMemory {
  const columns = SHARED_COLUMNS + OWN_COLUMNS * threads;
  const before = HEADER_NUMBERS + threads + roomNumbers(threads) + activityNumbers(capacity);
  const bytes = (before + capacity * columns) * 4;
  // Two more rows: for what concerns no server, and for servers that are gone.
  const trafficBytes = (capacity + 2) * TRAFFIC_ROW * 8 * threads;
  return { capacity, threads, buffer: take(bytes, threads), traffic: take(trafficBytes, threads) };
}

function take(bytes: number, threads: number): ArrayBufferLike {
  return threads === 1 ? new ArrayBuffer(bytes) : new SharedArrayBuffer(bytes);
}

function roomNumbers(threads: number): number {
  return 1 + 2 * threads + Math.ceil(threads / ROOM_BITS);
}

function activityNumbers(capacity: number): number {
  return Math.ceil(capacity / 2 ** ACTIVITY_SHIFT);
}

/** Lays the columns out over the memory, the same way on every thread. */
export function layOut({ capacity, threads, buffer }: TableMemory): TableColumns {
  const header = new Int32Array(buffer, 0, HEADER_NUMBERS + threads);
  const room = new Int32Array(buffer, header.byteLength, roomNumbers(threads));
  let offset = header.byteLength + room.byteLength;
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
    room,
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
