import { grownArray } from "../state/grown_array.ts";
import { FreeRows } from "./rows.ts";

const ROWS = 1024;

/** Request of a job whose balancer has given up on it. */
export const ABANDONED = -1;
/** Server of a free row. */
const NO_SERVER = -1;
/** Neighbour of the first or the last job of a queue. */
const NO_JOB = -1;

/** The requests that servers work on or have queued, as a table with a row each. */
export class Jobs {
  readonly #rows: FreeRows = new FreeRows(ROWS);
  /** Its request, or {@linkcode ABANDONED}. */
  request: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** Number of its server, which is the server's slot. */
  server: Int32Array<ArrayBuffer> = new Int32Array(ROWS).fill(NO_SERVER);
  /** When the server began to work on it, in milliseconds; NaN while it is queued. */
  start: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** When it will be done, in milliseconds; NaN while that is unknown. */
  due: Float64Array<ArrayBuffer> = new Float64Array(ROWS);
  /** The job ahead in the server's queue. Owned by the queue. */
  before: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** The job behind in the server's queue. Owned by the queue. */
  behind: Int32Array<ArrayBuffer> = new Int32Array(ROWS);
  /** Changes when the row's job ends, which cancels its timeouts. */
  version: Int32Array<ArrayBuffer> = new Int32Array(ROWS);

  /** Adds a job and returns its row. */
  add(request: number, server: number): number {
    if (this.#rows.empty) this.#grow();
    const job = this.#rows.take();
    this.request[job] = request;
    this.server[job] = server;
    this.start[job] = NaN;
    this.due[job] = NaN;
    return job;
  }

  /** Removes a job, finished or not. */
  remove(job: number): void {
    this.version[job]! += 1;
    this.request[job] = ABANDONED;
    this.server[job] = NO_SERVER;
    this.due[job] = NaN;
    this.#rows.give(job);
  }

  /** The jobs of a server, in the order of their rows. */
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
    this.request = grownArray(this.request, length);
    this.server = grownArray(this.server, length);
    this.server.fill(NO_SERVER, from);
    this.start = grownArray(this.start, length);
    this.due = grownArray(this.due, length);
    this.before = grownArray(this.before, length);
    this.behind = grownArray(this.behind, length);
    this.version = grownArray(this.version, length);
  }
}

/** Columns through which {@linkcode JobQueue} links its jobs. */
export type QueueColumns = Pick<Jobs, "before" | "behind">;

/** The jobs that a server has queued, first come, first served. */
export class JobQueue {
  readonly #jobs: QueueColumns;
  #last = NO_JOB;
  /** The first job; −1 if there is none. */
  first = NO_JOB;
  /** Number of jobs. */
  length = 0;

  /** @param jobs Columns for the links. */
  constructor(jobs: QueueColumns) {
    this.#jobs = jobs;
  }

  /** Appends a job. */
  join(job: number): void {
    const { before, behind } = this.#jobs;
    before[job] = this.#last;
    behind[job] = NO_JOB;
    if (this.#last === NO_JOB) this.first = job;
    else behind[this.#last] = job;
    this.#last = job;
    this.length++;
  }

  /** Removes a job of this queue. */
  leave(job: number): void {
    const before = this.#jobs.before[job]!;
    const behind = this.#jobs.behind[job]!;
    if (before === NO_JOB) this.first = behind;
    else this.#jobs.behind[before] = behind;
    if (behind === NO_JOB) this.#last = before;
    else this.#jobs.before[behind] = before;
    this.length--;
  }
}
