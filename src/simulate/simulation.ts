import type { PolicyName } from "../model/settings.ts";
import { type Arrivals, makeArrivals } from "./arrivals.ts";
import { Expiries } from "./expiries.ts";
import { Fleet } from "./fleet.ts";
import { ABANDONED } from "./jobs.ts";
import { Measurements } from "./measurements.ts";
import type { PlannedFailure, SimulationPlan } from "./plan.ts";
import { type RandomStream, RandomStreams } from "./random.ts";
import { Requests } from "./requests.ts";
import { SimulatedClock } from "./simulated_clock.ts";
import { brokenOff, connectTimeout, responseTimeout } from "./upstream_errors.ts";
import { Upstreams } from "./upstreams.ts";

/**
 * A run of one policy: requests come, balancers give them to servers, servers work on them, and time
 * jumps from one event to the next. What chance decides follows from the seed alone, and every policy
 * meets the same requests.
 */
export class Simulation {
  readonly #plan: SimulationPlan;
  readonly #clock = new SimulatedClock();
  readonly #requests = new Requests();
  readonly #arrivals: Arrivals;
  readonly #upstreams: Upstreams;
  readonly #waiting: Expiries;
  /** What a request is like. */
  readonly #sizes: RandomStream;
  /** To which balancer it comes. */
  readonly #spread: RandomStream;
  /** Whether a server that answers some requests with errors does so now. */
  readonly #errors: RandomStream;
  /** What becomes of the requests. */
  readonly measurements: Measurements;
  /** The balancers. */
  readonly fleet: Fleet;

  /**
   * @param plan What is simulated.
   * @param policy The policy of all balancers.
   */
  constructor(plan: SimulationPlan, policy: PolicyName) {
    const { models, workload, rate, recording, settings: { timeouts } } = plan;
    const streams = new RandomStreams(workload.seed);
    this.#plan = plan;
    this.#arrivals = makeArrivals(workload, rate ?? 0, { streams, recording });
    this.#sizes = streams.stream();
    this.#spread = streams.stream();
    this.#errors = streams.stream();
    const clock = this.#clock;
    const requests = this.#requests;
    this.#waiting = new Expiries(requests, timeouts.queue * 1000);
    this.measurements = new Measurements(models.length, requests);
    this.#upstreams = new Upstreams({
      ...{ models, clock, requests, usage: this.measurements.usage },
      timeouts: { connect: timeouts.connect * 1000, response: timeouts.response * 1000 },
    });
    this.fleet = new Fleet({
      ...{ plan, policy, streams, clock, requests },
      waiting: this.#waiting,
      upstreams: this.#upstreams,
      measurements: this.measurements,
    });
    for (const failure of plan.failures) this.#plant(failure);
  }

  /** Lets everything happen, until the last request is over. */
  async run(): Promise<void> {
    do {
      // Health checkers wait for promises, for which no simulated time may pass.
      while (this.fleet.pendingChecks > 0) await undefined;
    } while (this.#runUntilTimer());
    this.#upstreams.close();
  }

  /** Does what comes next, until a timer of a balancer's part has fired; false at the end. */
  #runUntilTimer(): boolean {
    const arrivals = this.#arrivals;
    const clock = this.#clock;
    const waiting = this.#waiting;
    const { connecting, responding } = this.#upstreams;
    for (;;) {
      const arrival = arrivals.at;
      if (arrival === Infinity && this.#requests.count === 0) return false;
      const event = clock.next;
      const expiry = Math.min(waiting.next, connecting.next, responding.next);
      if (expiry < event && expiry < arrival) {
        clock.time = expiry;
        this.#expire();
      } else if (event <= arrival) {
        const taken = clock.take();
        if (taken < 0) {
          clock.fire(taken);
          return true;
        }
        this.#finish(taken);
      } else {
        clock.time = arrival;
        this.#arrive();
      }
    }
  }

  #arrive(): void {
    const { workload: { balancers, spread } } = this.#plan;
    const { measurements } = this;
    const arrivals = this.#arrivals;
    const requests = this.#requests;
    const { time } = this.#clock;
    const { counted } = arrivals;
    if (counted && measurements.counted.from === Infinity) measurements.counted.from = time;
    measurements.noteChange(time);
    const request = requests.add();
    requests.arrival[request] = time;
    requests.u[request] = this.#sizes.next();
    requests.v[request] = this.#sizes.next();
    requests.client[request] = arrivals.client;
    requests.counted[request] = counted ? 1 : 0;
    const balancer = balancers === 1
      ? 0
      : spread === "client"
      ? this.fleet.balancerOf(arrivals.client)
      : this.#spread.below(balancers);
    requests.balancer[request] = balancer;
    arrivals.advance();
    if (arrivals.at === Infinity) measurements.counted.to = time;
    this.fleet.balancers[balancer]!.receive(request);
  }

  #finish(job: number): void {
    const upstreams = this.#upstreams;
    if (!upstreams.isDone(job)) return;
    const request = upstreams.jobs.request[job]!;
    const server = upstreams.jobs.server[job]!;
    const start = upstreams.jobs.start[job]!;
    upstreams.finish(job);
    if (request === ABANDONED) return;
    const share = upstreams.faults.errors[server]!;
    const status = share > 0 && this.#errors.next() < share ? 500 : 200;
    const balancer = this.fleet.balancers[this.#requests.balancer[request]!]!;
    balancer.answered(request, server, { start, status });
  }

  /** Gives up on whatever has taken too long by now. */
  #expire(): void {
    const { connecting, responding } = this.#upstreams;
    const { time } = this.#clock;
    if (this.#waiting.next === time) {
      const request = this.#waiting.take();
      if (request !== -1) this.#balancerOf(request).expire(request);
    } else if (connecting.next === time) this.#release(connecting.take(), "connect");
    else this.#release(responding.take(), "response");
  }

  #release(job: number, late: "connect" | "response"): void {
    if (job === -1) return;
    const { jobs } = this.#upstreams;
    const request = jobs.request[job]!;
    const server = jobs.server[job]!;
    // Of one that was given up before, the server has not taken notice.
    if (request === ABANDONED) return;
    this.#upstreams.abandon(job);
    const failure = late === "connect" ? connectTimeout() : responseTimeout();
    this.#balancerOf(request).failed(request, server, failure);
  }

  #plant({ failure, servers }: PlannedFailure): void {
    const clock = this.#clock;
    clock.after(failure.from * 1000, () => {
      for (const server of servers) {
        for (const request of this.#upstreams.beginFailure(server, failure)) {
          this.#balancerOf(request).failed(request, server, brokenOff());
        }
      }
    });
    clock.after(failure.until * 1000, () => {
      for (const server of servers) {
        this.#upstreams.endFailure(server, failure);
        if (failure.kind === "hang") this.fleet.resume(server);
      }
    });
  }

  #balancerOf(request: number): Fleet["balancers"][number] {
    return this.fleet.balancers[this.#requests.balancer[request]!]!;
  }
}
