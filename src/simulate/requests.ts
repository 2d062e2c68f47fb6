import type { BalancerError } from "../model/errors.ts";
import { FreeRows, grown } from "./numbers.ts";

const ROWS = 1024;

/** What has become of a request so far that no server has answered. */
export interface FailedTries {
  /** The slots of the servers that have failed it. */
  readonly slots: readonly number[];
  /** How the last of them did. */
  readonly failure: BalancerError;
}

/** What a run is asked to do: a row of numbers for each request that is under way. */
export class Requests {
  readonly #rows: FreeRows = new FreeRows(ROWS);
  /** When it came, in milliseconds. */
  arrival: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** What makes a time of service, see `Distribution`. */
  u: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** What does so as well. */
  v: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** The client's number; −1 where it is not known. */
  client: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** The number of the balancer that it came to. */
  balancer: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** 1 where it is counted, 0 in the warm-up. */
  counted: Uint8Array<ArrayBuffer> = new Uint8Array(ROWS);
  /** Its neighbours in the line of those that wait for a server; they belong to the line. */
  before: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** See `before`. */
  behind: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** How often the row's requests have waited or ended: what was noted before is out of date. */
  version: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** The failed tries of the few that have any. */
  readonly tried: Map<number, FailedTries> = new Map();
  /** How many there are. */
  count = 0;

  /** Makes a row for a request. */
  add(): number {
    if (this.#rows.empty) this.#grow();
    this.count++;
    return this.#rows.take();
  }

  /** The request is over. */
  remove(request: number): void {
    this.version[request]! += 1;
    if (this.tried.size > 0) this.tried.delete(request);
    this.count--;
    this.#rows.give(request);
  }

  #grow(): void {
    this.#rows.double();
    const length = this.#rows.capacity;
    this.arrival = grown(this.arrival, length);
    this.u = grown(this.u, length);
    this.v = grown(this.v, length);
    this.client = grown(this.client, length);
    this.balancer = grown(this.balancer, length);
    this.counted = grown(this.counted, length);
    this.before = grown(this.before, length);
    this.behind = grown(this.behind, length);
    this.version = grown(this.version, length);
  }
}
