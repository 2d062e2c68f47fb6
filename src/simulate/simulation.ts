import type { PolicyName } from "../model/settings.ts";
import { type Arrivals, makeArrivals } from "./arrivals.ts";
import { Balancers } from "./balancers.ts";
import { closedEarly, connectTimeout, refused, responseTimeout } from "./faults.ts";
import { ABANDONED } from "./jobs.ts";
import { Measurements } from "./measurements.ts";
import type { PlannedFailure, SimulationPlan } from "./plan.ts";
import { type RandomStream, RandomStreams } from "./random.ts";
import { Requests } from "./requests.ts";
import { RowDeadlines } from "./row_deadlines.ts";
import type { SimulatedBalancer } from "./simulated_balancer.ts";
import { SimulatedClock } from "./simulated_clock.ts";
import { SimulatedServers } from "./simulated_servers.ts";

/**
 * Discrete-event simulation of one policy: requests arrive, balancers give them to servers, servers
 * work on them, and time jumps from event to event. All randomness follows from the seed, and every
 * policy gets the same requests.
 */
export class Simulation {
  readonly #plan: SimulationPlan;
  readonly #clock = new SimulatedClock();
  readonly #requests = new Requests();
  readonly #arrivals: Arrivals;
  readonly #servers: SimulatedServers;
  readonly #queueTimeouts: RowDeadlines;
  /** Service times of the requests. */
  readonly #sizes: RandomStream;
  /** Balancers that receive the requests. */
  readonly #spread: RandomStream;
  /** Requests that a server with the fault `errors` answers with 500. */
  readonly #errors: RandomStream;
  /** Statistics of the run. */
  readonly measurements: Measurements;
  /** The balancers. */
  readonly balancers: Balancers;

  /**
   * @param plan The plan.
   * @param policy Policy of all balancers.
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
    this.#queueTimeouts = new RowDeadlines(requests, timeouts.queue * 1000);
    this.measurements = new Measurements(models.length, requests);
    this.#servers = new SimulatedServers({
      ...{ models, clock, requests, usage: this.measurements.usage },
      timeouts: { connect: timeouts.connect * 1000, response: timeouts.response * 1000 },
    });
    this.balancers = new Balancers({
      ...{ plan, policy, streams, clock, requests },
      queueTimeouts: this.#queueTimeouts,
      servers: this.#servers,
      measurements: this.measurements,
    });
    for (const failure of plan.failures) this.#schedule(failure);
  }

  /** Runs until the last request has ended. */
  async run(): Promise<void> {
    do {
      // Health checkers await promises; no simulated time may pass meanwhile.
      while (this.balancers.pendingChecks > 0) await undefined;
    } while (this.#runUntilTimer());
    this.#servers.close();
  }

  /** Runs until a timer of a balancer has fired; false at the end. */
  #runUntilTimer(): boolean {
    const arrivals = this.#arrivals;
    const clock = this.#clock;
    const queueTimeouts = this.#queueTimeouts;
    const { connectTimeouts, responseTimeouts } = this.#servers;
    for (;;) {
      if (this.#servers.refusals.length > 0) this.#refuse();
      const arrival = arrivals.at;
      if (arrival === Infinity && this.#requests.count === 0) return false;
      const event = clock.next;
      const timeout = Math.min(queueTimeouts.next, connectTimeouts.next, responseTimeouts.next);
      if (timeout < event && timeout < arrival) {
        clock.time = timeout;
        this.#fireTimeout();
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
      ? this.balancers.numberFor(arrivals.client)
      : this.#spread.below(balancers);
    requests.balancer[request] = balancer;
    arrivals.advance();
    if (arrivals.at === Infinity) measurements.counted.to = time;
    this.balancers.all[balancer]!.receive(request);
  }

  #finish(job: number): void {
    const servers = this.#servers;
    if (!servers.isDone(job)) return;
    const request = servers.jobs.request[job]!;
    const server = servers.jobs.server[job]!;
    const start = servers.jobs.start[job]!;
    servers.finish(job);
    if (request === ABANDONED) return;
    const status = servers.faults.status(server, this.#errors);
    this.#balancerOf(request).respond(request, server, { start, status });
  }

  /** Fails the attempts at servers that are down, which takes no time. */
  #refuse(): void {
    const { refusals } = this.#servers;
    // Grows meanwhile, by retries and by waiting requests that get the released servers.
    for (const { request, server } of refusals) {
      const { url } = this.#plan.servers[server]!;
      this.#balancerOf(request).failAttempt(request, server, refused(url));
    }
    refusals.length = 0;
  }

  /** Fires the timeout that is due. */
  #fireTimeout(): void {
    const { connectTimeouts, responseTimeouts } = this.#servers;
    const { time } = this.#clock;
    if (this.#queueTimeouts.next === time) {
      const request = this.#queueTimeouts.take();
      if (request !== -1) this.#balancerOf(request).expire(request);
    } else if (connectTimeouts.next === time) this.#giveUp(connectTimeouts.take(), "connect");
    else this.#giveUp(responseTimeouts.take(), "response");
  }

  #giveUp(job: number, timeout: "connect" | "response"): void {
    if (job === -1) return;
    const { jobs } = this.#servers;
    const request = jobs.request[job]!;
    const server = jobs.server[job]!;
    // Given up before, while the server goes on with it.
    if (request === ABANDONED) return;
    this.#servers.abandon(job);
    const failure = timeout === "connect" ? connectTimeout() : responseTimeout();
    this.#balancerOf(request).failAttempt(request, server, failure);
  }

  #schedule({ failure, servers }: PlannedFailure): void {
    const clock = this.#clock;
    clock.after(failure.from * 1000, () => {
      for (const server of servers) {
        for (const request of this.#servers.beginFailure(server, failure)) {
          this.#balancerOf(request).failAttempt(request, server, closedEarly());
        }
      }
    });
    clock.after(failure.until * 1000, () => {
      for (const server of servers) {
        this.#servers.endFailure(server, failure);
        if (failure.kind === "hang") this.balancers.resume(server);
      }
    });
  }

  #balancerOf(request: number): SimulatedBalancer {
    return this.balancers.all[this.#requests.balancer[request]!]!;
  }
}
