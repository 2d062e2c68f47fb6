import type { Distribution } from "./distribution.ts";
import { Expiries } from "./expiries.ts";
import { ABANDONED, Jobs } from "./jobs.ts";
import { Line } from "./line.ts";
import type { Requests } from "./requests.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import { UpstreamFaults } from "./upstream_faults.ts";
import type { Usage } from "./usage.ts";
import type { Failure } from "./workload.ts";

/** How a server does with what it is asked. */
export interface UpstreamModel {
  /** How long it works on a request. */
  readonly distribution: Distribution;
  /** How many it works on at once; others queue there. Infinity for any number. */
  readonly concurrency: number;
}

/** What {@linkcode Upstreams} work with. */
export interface UpstreamsParts {
  /** How each server does; its number is its slot. */
  readonly models: readonly UpstreamModel[];
  /** The time. */
  readonly clock: SimulatedClock;
  /** The requests that are under way. */
  readonly requests: Requests;
  /** Where it is counted what the servers do. */
  readonly usage: Usage;
  /** How long connections and responses may take, in milliseconds. */
  readonly timeouts: { readonly connect: number; readonly response: number };
}

/** The servers of a run: each works on so many requests at once, and lets the others queue. */
export class Upstreams {
  readonly #parts: UpstreamsParts;
  readonly #queues: readonly Line[];
  readonly #busy: Int32Array;
  /** What the jobs that stand still in the middle have left to do, in milliseconds. */
  readonly #paused: Map<number, number> = new Map();
  /** What they have to do. */
  readonly jobs: Jobs = new Jobs();
  /** What is wrong with them. */
  readonly faults: UpstreamFaults;
  /** When balancers give up on servers that accept no connection. */
  readonly connecting: Expiries;
  /** When they give up on responses. */
  readonly responding: Expiries;

  /** @param parts What to work with. */
  constructor(parts: UpstreamsParts) {
    const { models, timeouts } = parts;
    this.#parts = parts;
    this.#queues = models.map(() => new Line(this.jobs));
    this.#busy = new Int32Array(models.length);
    this.faults = new UpstreamFaults(models.length);
    this.connecting = new Expiries(this.jobs, timeouts.connect);
    this.responding = new Expiries(this.jobs, timeouts.response);
  }

  /**
   * A balancer gives a request to a server.
   *
   * @returns False if it refuses the connection.
   */
  accept(request: number, server: number): boolean {
    const { models, clock: { time }, usage } = this.#parts;
    if (this.faults.down[server] === 1) return false;
    const { jobs } = this;
    const job = jobs.add(request, server);
    const queue = this.#queues[server]!;
    const hangs = this.faults.hanging[server] === 1;
    (hangs ? this.connecting : this.responding).add(job, time);
    if (!hangs && this.#busy[server]! < models[server]!.concurrency) this.#start(job);
    else queue.join(job);
    usage.noteLoad(server, this.#busy[server]! + queue.length);
    return true;
  }

  /**
   * The time has come at which a job was to be done.
   *
   * @returns Whether it is: not if it was broken off, or has stood still since.
   */
  isDone(job: number): boolean {
    return this.jobs.due[job] === this.#parts.clock.time;
  }

  /** A job is done: its server turns to the next one. Nothing is known of the job afterwards. */
  finish(job: number): void {
    const server = this.jobs.server[job]!;
    this.#end(job);
    const next = this.#queues[server]!.first;
    if (next === -1 || this.faults.hanging[server] === 1) return;
    this.#queues[server]!.leave(next);
    this.#start(next);
  }

  /** A balancer has given up on a job. What a server works on already, it goes on with. */
  abandon(job: number): void {
    const { jobs } = this;
    if (Number.isNaN(jobs.start[job])) {
      this.#queues[jobs.server[job]!]!.leave(job);
      jobs.remove(job);
    } else jobs.request[job] = ABANDONED;
  }

  /**
   * A failure begins at a server.
   *
   * @returns The requests that it breaks off.
   */
  beginFailure(server: number, failure: Failure): number[] {
    this.faults.begin(server, failure);
    const jobs = this.jobs.of(server);
    if (failure.kind === "hang") { for (const job of jobs) this.#pause(job); }
    if (failure.kind !== "down") return [];
    const requests = jobs.map((job) => this.jobs.request[job]!);
    for (const job of jobs) this.#breakOff(job);
    return requests.filter((request) => request !== ABANDONED);
  }

  /** A failure of a server is over. */
  endFailure(server: number, failure: Failure): void {
    this.faults.end(server, failure);
    if (failure.kind !== "hang" || this.faults.hanging[server] === 1) return;
    const { clock: { time }, models } = this.#parts;
    const { jobs } = this;
    const queue = this.#queues[server]!;
    for (const job of jobs.of(server)) {
      if (Number.isNaN(jobs.start[job])) {
        // It has accepted the connection now, and has all the time to answer.
        jobs.version[job]! += 1;
        this.responding.add(job, time);
        continue;
      }
      jobs.due[job] = time + (this.#paused.get(job) ?? 0);
      this.#paused.delete(job);
      this.#parts.clock.schedule(job, jobs.due[job]!);
    }
    while (queue.first !== -1 && this.#busy[server]! < models[server]!.concurrency) {
      const job = queue.first;
      queue.leave(job);
      this.#start(job);
    }
  }

  /** Counts what servers still work on when all is over. */
  close(): void {
    for (let server = 0; server < this.#busy.length; server++) {
      if (this.#busy[server] === 0) continue;
      for (const job of this.jobs.of(server)) {
        if (!Number.isNaN(this.jobs.start[job])) this.#end(job);
      }
    }
  }

  #start(job: number): void {
    const { clock, models, requests } = this.#parts;
    const { jobs } = this;
    const server = jobs.server[job]!;
    const request = jobs.request[job]!;
    const u = requests.u[request]!;
    const v = requests.v[request]!;
    const time = models[server]!.distribution.sample(u, v) * this.faults.factor[server]!;
    this.#busy[server]! += 1;
    jobs.start[job] = clock.time;
    const due = jobs.due[job] = clock.time + time;
    clock.schedule(job, due);
  }

  #end(job: number): void {
    const { clock, usage } = this.#parts;
    const server = this.jobs.server[job]!;
    this.#busy[server]! -= 1;
    usage.countWork(server, this.jobs.start[job]!, clock.time);
    this.jobs.remove(job);
  }

  #pause(job: number): void {
    const left = this.jobs.due[job]! - this.#parts.clock.time;
    // One that waits, or stands still already, stays as it is.
    if (Number.isNaN(left)) return;
    this.#paused.set(job, left);
    this.jobs.due[job] = NaN;
  }

  #breakOff(job: number): void {
    this.#paused.delete(job);
    if (!Number.isNaN(this.jobs.start[job])) return this.#end(job);
    this.#queues[this.jobs.server[job]!]!.leave(job);
    this.jobs.remove(job);
  }
}
