import type { BalancerError, ErrorCode } from "../model/errors.ts";
import type { Ejection, Limits, Retries } from "../model/settings.ts";
import { AttemptRules } from "../proxy/attempt_rules.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import type { Pick } from "../proxy/picker.ts";
import { WaitingList, type WaitingRequest } from "../proxy/waiting_list.ts";
import type { Policy } from "../state/policy.ts";
import type { Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { Clients } from "./clients.ts";
import type { Measurements } from "./measurements.ts";
import type { Requests } from "./requests.ts";
import type { RowDeadlines } from "./row_deadlines.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import type { SimulatedServers } from "./simulated_servers.ts";

const NO_ATTEMPTS: readonly number[] = [];

/** Requests of a simulation can be sent twice, as a GET can. */
const REPLAYABLE = { replayable: true };

/** Options of a {@linkcode SimulatedBalancer}. */
export interface SimulatedBalancerOptions {
  /** The servers. */
  readonly registry: Registry;
  /** Their state, as this balancer sees it. */
  readonly table: StateTable;
  /** Policy of this balancer. */
  readonly policy: Policy;
  /** Simulated time. */
  readonly clock: SimulatedClock;
  /** Requests in flight. */
  readonly requests: Requests;
  /** Clients that send them. */
  readonly clients: Clients;
  /** Timeouts of the requests that wait for a server. */
  readonly queueTimeouts: RowDeadlines;
  /** Servers that answer them. */
  readonly servers: SimulatedServers;
  /** Counts of what happens to them. */
  readonly measurements: Measurements;
  /** Settings of the balancer. */
  readonly settings: {
    readonly retries: Retries;
    readonly limits: Limits;
    readonly ejection: Ejection;
  };
  /** Receives the reports on servers. */
  readonly report: (report: OutlierReport) => void;
}

/** One balancer: the proxy's own rules for requests and their attempts, on simulated servers. */
export class SimulatedBalancer {
  readonly #options: SimulatedBalancerOptions;
  readonly #waiting: WaitingList;
  readonly #waiters = new Map<number, Waiter>();
  readonly #rules: AttemptRules;
  /** The most requests that waited at once. */
  longestQueue = 0;

  /** @param options The options. */
  constructor(options: SimulatedBalancerOptions) {
    const { limits, retries, ejection } = options.settings;
    this.#options = options;
    this.#waiting = new WaitingList({ length: limits.queue });
    this.#rules = new AttemptRules({ ...options, waiting: this.#waiting, retries, ejection });
  }

  /** Picks a server this many times, as if as many requests had come and ended one by one. */
  pickBefore(times: number): void {
    const { table, clients } = this.#options;
    for (let i = 0; i < times; i++) {
      const pick = this.#rules.pick(NO_ATTEMPTS, clients.context(0));
      if (typeof pick === "object") table.finish(pick.slot);
    }
  }

  /** Receives a new request. */
  receive(request: number): void {
    this.#rules.countRequest(this.#options.clock.time);
    this.#dispatch(request);
  }

  /**
   * Ends a request with a server's response.
   *
   * @param request The request.
   * @param slot The server's slot.
   * @param response When the server began to work on it, in milliseconds, and the status.
   */
  respond(
    request: number,
    slot: number,
    { start, status }: { start: number; status: number },
  ): void {
    const { registry, clients, requests, measurements, clock } = this.#options;
    this.#rules.responded(registry.inSlot(slot)!, status);
    clients.keep(requests.client[request]!, slot);
    measurements.countAnswer(request, start, { now: clock.time, error: status >= 500 });
    this.#end(request);
    this.#rules.release(slot);
  }

  /**
   * Ends a failed attempt: the request is retried at another server or fails.
   *
   * @param request The request.
   * @param slot The server's slot.
   * @param failure Why the attempt failed.
   */
  failAttempt(request: number, slot: number, failure: BalancerError): void {
    const { registry, requests, clock } = this.#options;
    this.#rules.release(slot);
    const slots = [...this.#attempted(request), slot];
    requests.failed.set(request, { slots, failure });
    const attempt = { request: REPLAYABLE, attempts: slots.length, now: clock.time };
    if (this.#rules.mayRetry(registry.inSlot(slot)!, failure, attempt)) this.#dispatch(request);
    else this.#fail(request, failure.code);
  }

  /** Ends the wait of a request whose queue timeout is over. */
  expire(request: number): void {
    this.#waiting.leave(this.#waiters.get(request)!);
    this.#waiters.delete(request);
    this.#fail(request, "queue_timeout");
  }

  /** Serves waiting requests, as servers may have become eligible. */
  wake(): void {
    this.#waiting.wake();
  }

  /** Picks a server for a request that waits. */
  pickInTurn(request: number): Pick {
    const { requests, clients } = this.#options;
    const context = clients.context(requests.client[request]!);
    return this.#rules.pickInTurn(this.#attempted(request), context);
  }

  /** Sends a request that has waited. */
  endWait(request: number, pick: Exclude<Pick, "full">): void {
    this.#waiters.delete(request);
    // Ends its queue timeout.
    this.#options.requests.version[request]! += 1;
    this.#send(request, pick?.slot);
  }

  #attempted(request: number): readonly number[] {
    return this.#options.requests.failed.get(request)?.slots ?? NO_ATTEMPTS;
  }

  #dispatch(request: number): void {
    const { requests, clients } = this.#options;
    const context = clients.context(requests.client[request]!);
    const pick = this.#rules.pick(this.#attempted(request), context);
    if (pick === "full") this.#wait(request);
    else this.#send(request, pick?.slot);
  }

  #wait(request: number): void {
    const { clock, requests, queueTimeouts } = this.#options;
    if (this.#waiting.full) return this.#fail(request, "overloaded");
    const waiter = new Waiter(this, request, !requests.failed.has(request));
    this.#waiters.set(request, waiter);
    queueTimeouts.add(request, clock.time);
    this.longestQueue = Math.max(this.longestQueue, this.#waiting.length + 1);
    this.#waiting.join(waiter);
  }

  #send(request: number, slot: number | undefined): void {
    const { requests, servers, measurements } = this.#options;
    const failed = requests.failed.get(request);
    if (slot === undefined) return this.#fail(request, failed?.failure.code ?? "no_server");
    if (failed !== undefined) measurements.countRetry(request);
    measurements.countPick(request, slot);
    servers.accept(request, slot);
  }

  #fail(request: number, code: ErrorCode): void {
    this.#options.measurements.countFailure(request, code);
    this.#end(request);
  }

  #end(request: number): void {
    const { requests, measurements, clock } = this.#options;
    measurements.noteChange(clock.time);
    requests.remove(request);
  }
}

/** A request that waits for a server. */
class Waiter implements WaitingRequest {
  readonly #balancer: SimulatedBalancer;
  readonly #request: number;
  readonly firstAttempt: boolean;
  ticket = 0;
  previous: WaitingRequest | undefined;
  next: WaitingRequest | undefined;

  constructor(balancer: SimulatedBalancer, request: number, firstAttempt: boolean) {
    this.#balancer = balancer;
    this.#request = request;
    this.firstAttempt = firstAttempt;
  }

  pick(): Pick {
    return this.#balancer.pickInTurn(this.#request);
  }

  picked(pick: Exclude<Pick, "full">): void {
    this.#balancer.endWait(this.#request, pick);
  }
}
