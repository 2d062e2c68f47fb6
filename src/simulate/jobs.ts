import { FreeRows, grown } from "./numbers.ts";

const ROWS = 1024;

/** Nobody waits for what this job comes to. */
export const ABANDONED = -1;
/** The server of a row that is no job. */
const NOWHERE = -1;

/** What servers work on: a row of numbers for each request that a server has. */
export class Jobs {
  readonly #rows: FreeRows = new FreeRows(ROWS);
  /** The request that it is for, or {@linkcode ABANDONED}. */
  request: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** The server's number, which is its slot as well. */
  server: Int32Array<ArrayBuffer> = new Int32Array(ROWS).fill(NOWHERE);
  /** When the server began to work on it, in milliseconds; NaN while it is in the server's queue. */
  start: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** When it will be done; NaN where that is not known. */
  due: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** Its neighbours in the server's queue. They belong to the queue. */
  before: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** See `before`. */
  behind: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** How many jobs of the row are over: what was noted of those is out of date. */
  version: Int32Array<ArrayBuffer> = new Int32Array(ROWS);

  /** Makes a row for what a server is to do for a request. */
  add(request: number, server: number): number {
    if (this.#rows.empty) this.#grow();
    const job = this.#rows.take();
    this.request[job] = request;
    this.server[job] = server;
    this.start[job] = NaN;
    this.due[job] = NaN;
    return job;
  }

  /** It is over, whether it was done or not. */
  remove(job: number): void {
    this.version[job]! += 1;
    this.request[job] = ABANDONED;
    this.server[job] = NOWHERE;
    this.due[job] = NaN;
    this.#rows.give(job);
  }

  /** The jobs that a server has, in the order of their rows. */
  of(server: number): number[] {
    const jobs: number[] = [];
    for (let job = 0; job < this.#rows.capacity; job++) {
      if (this.server[job] === server) jobs.push(job);
    }
    return jobs;
  }

  #grow(): void {
    const from = this.#rows.capacity;
    this.#rows.double();
    const length = this.#rows.capacity;
    this.request = grown(this.request, length);
    this.server = grown(this.server, length);
    this.server.fill(NOWHERE, from);
    this.start = grown(this.start, length);
    this.due = grown(this.due, length);
    this.before = grown(this.before, length);
    this.behind = grown(this.behind, length);
    this.version = grown(this.version, length);
  }
}
