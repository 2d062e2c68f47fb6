import type { BalancerError } from "../model/errors.ts";
import { grownArray } from "../state/grown_array.ts";
import { FreeRows } from "./rows.ts";

const ROWS = 1024;

/** The failed attempts of a request. */
export interface FailedAttempts {
  /** Slots of the servers that failed it. */
  readonly slots: readonly number[];
  /** Why the last attempt failed. */
  readonly failure: BalancerError;
}

/** The requests in flight, as a table with a row each. */
export class Requests {
  readonly #rows: FreeRows = new FreeRows(ROWS);
  /** Arrival time, in milliseconds. */
  arrival: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** Random number from which its service time is made, see `Distribution`. */
  u: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** Second such number. */
  v: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** Number of its client; −1 if unknown. */
  client: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** Number of the balancer that received it. */
  balancer: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** 1 if it is counted; 0 during the warm-up. */
  counted: Uint8Array<ArrayBuffer> = new Uint8Array(ROWS);
  /** Changes when the row's request stops waiting or ends, which cancels its queue timeout. */
  version: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** Failed attempts of the few requests that have any. */
  readonly failed: Map<number, FailedAttempts> = new Map();
  /** Number of requests. */
  count = 0;

  /** Adds a request and returns its row. */
  add(): number {
    if (this.#rows.empty) this.#grow();
    this.count++;
    return this.#rows.take();
  }

  /** Removes a request. */
  remove(request: number): void {
    this.version[request]! += 1;
    if (this.failed.size > 0) this.failed.delete(request);
    this.count--;
    this.#rows.give(request);
  }

  #grow(): void {
    this.#rows.double();
    const length = this.#rows.capacity;
    this.arrival = grownArray(this.arrival, length);
    this.u = grownArray(this.u, length);
    this.v = grownArray(this.v, length);
    this.client = grownArray(this.client, length);
    this.balancer = grownArray(this.balancer, length);
    this.counted = grownArray(this.counted, length);
    this.version = grownArray(this.version, length);
  }
}
