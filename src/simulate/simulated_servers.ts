import type { Distribution } from "./distribution.ts";
import { Faults } from "./faults.ts";
import { ABANDONED, JobQueue, Jobs } from "./jobs.ts";
import type { Usage } from "./measurements.ts";
import type { Requests } from "./requests.ts";
import { RowDeadlines } from "./row_deadlines.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import type { Failure } from "./workload.ts";

/** Model of a server. */
export interface ServerModel {
  /** Distribution of its service times. */
  readonly distribution: Distribution;
  /** Requests it works on at once, while it queues the others; Infinity for any number. */
  readonly concurrency: number;
}

/** A refused connection. */
export interface Refusal {
  /** The request. */
  readonly request: number;
  /** Number of the server. */
  readonly server: number;
}

/** Options of {@linkcode SimulatedServers}. */
export interface SimulatedServersOptions {
  /** Model of each server, indexed by its slot. */
  readonly models: readonly ServerModel[];
  /** Simulated time. */
  readonly clock: SimulatedClock;
  /** Requests in flight. */
  readonly requests: Requests;
  /** Statistics of the servers. */
  readonly usage: Usage;
  /** Timeouts of connections and of responses, in milliseconds. */
  readonly timeouts: { readonly connect: number; readonly response: number };
}

/** The simulated servers. Each works on a number of requests at once and queues the others. */
export class SimulatedServers {
  readonly #options: SimulatedServersOptions;
  readonly #queues: readonly JobQueue[];
  readonly #busy: Int32Array;
  /** Remaining service time of each job that a hanging server was working on, in milliseconds. */
  readonly #paused: Map<number, number> = new Map();
  /** The jobs of all servers. */
  readonly jobs: Jobs = new Jobs();
  /** Current faults. */
  readonly faults: Faults;
  /** Connect timeouts. */
  readonly connectTimeouts: RowDeadlines;
  /** Response timeouts. */
  readonly responseTimeouts: RowDeadlines;
  /** Refused connections of which the balancers do not know yet. */
  readonly refusals: Refusal[] = [];

  /** @param options The options. */
  constructor(options: SimulatedServersOptions) {
    const { models, timeouts } = options;
    this.#options = options;
    this.#queues = models.map(() => new JobQueue(this.jobs));
    this.#busy = new Int32Array(models.length);
    this.faults = new Faults(models.length);
    this.connectTimeouts = new RowDeadlines(this.jobs, timeouts.connect);
    this.responseTimeouts = new RowDeadlines(this.jobs, timeouts.response);
  }

  /** Gives a request to a server, which accepts or refuses the connection. */
  accept(request: number, server: number): void {
    const { models, clock: { time }, usage } = this.#options;
    if (this.faults.down[server] === 1) {
      this.refusals.push({ request, server });
      return;
    }
    const { jobs } = this;
    const job = jobs.add(request, server);
    const queue = this.#queues[server]!;
    const hangs = this.faults.hanging[server] === 1;
    (hangs ? this.connectTimeouts : this.responseTimeouts).add(job, time);
    if (!hangs && this.#busy[server]! < models[server]!.concurrency) this.#start(job);
    else queue.join(job);
    usage.noteLoad(server, this.#busy[server]! + queue.length);
  }

  /** Whether a job is done now that its event has come; not if it was broken off or paused since. */
  isDone(job: number): boolean {
    return this.jobs.due[job] === this.#options.clock.time;
  }

  /** Removes a finished job. Its server starts the next one. */
  finish(job: number): void {
    const server = this.jobs.server[job]!;
    this.#end(job);
    const next = this.#queues[server]!.first;
    if (next === -1 || this.faults.hanging[server] === 1) return;
    this.#queues[server]!.leave(next);
    this.#start(next);
  }

  /** Gives up on a job. A server finishes what it works on already, and forgets what is queued. */
  abandon(job: number): void {
    const { jobs } = this;
    if (Number.isNaN(jobs.start[job])) {
      this.#queues[jobs.server[job]!]!.leave(job);
      jobs.remove(job);
    } else jobs.request[job] = ABANDONED;
  }

  /**
   * Begins a failure of a server.
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

  /** Ends a failure of a server. */
  endFailure(server: number, failure: Failure): void {
    this.faults.end(server, failure);
    if (failure.kind !== "hang" || this.faults.hanging[server] === 1) return;
    const { clock: { time }, models } = this.#options;
    const { jobs } = this;
    const queue = this.#queues[server]!;
    for (const job of jobs.of(server)) {
      if (Number.isNaN(jobs.start[job])) {
        // The connection is accepted only now, from when the response timeout counts.
        jobs.version[job]! += 1;
        this.responseTimeouts.add(job, time);
        continue;
      }
      jobs.due[job] = time + (this.#paused.get(job) ?? 0);
      this.#paused.delete(job);
      this.#options.clock.schedule(job, jobs.due[job]!);
    }
    while (queue.first !== -1 && this.#busy[server]! < models[server]!.concurrency) {
      const job = queue.first;
      queue.leave(job);
      this.#start(job);
    }
  }

  /** Counts the unfinished work at the end of the run. */
  close(): void {
    for (let server = 0; server < this.#busy.length; server++) {
      if (this.#busy[server] === 0) continue;
      for (const job of this.jobs.of(server)) {
        if (!Number.isNaN(this.jobs.start[job])) this.#end(job);
      }
    }
  }

  #start(job: number): void {
    const { clock, models, requests } = this.#options;
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
    const { clock, usage } = this.#options;
    const server = this.jobs.server[job]!;
    this.#busy[server]! -= 1;
    usage.countWork(server, this.jobs.start[job]!, clock.time);
    this.jobs.remove(job);
  }

  #pause(job: number): void {
    const left = this.jobs.due[job]! - this.#options.clock.time;
    // NaN while it is queued or paused already.
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
