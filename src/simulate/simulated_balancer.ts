import type { BalancerError, ErrorCode } from "../model/errors.ts";
import type { Policy } from "../state/policy.ts";
import type { Registry } from "../state/registry.ts";
import type { Limits, Retries } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import type { FailureWatch } from "../proxy/failure_watch.ts";
import { Picker } from "../proxy/picker.ts";
import { decideRetry } from "../proxy/retry_decision.ts";
import { RetryBudget } from "../proxy/retry_budget.ts";
import type { Clients } from "./clients.ts";
import type { Expiries } from "./expiries.ts";
import { Line } from "./line.ts";
import type { Measurements } from "./measurements.ts";
import type { Requests } from "./requests.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import { refused } from "./upstream_errors.ts";
import type { Upstreams } from "./upstreams.ts";

const NOTHING_TRIED: readonly number[] = [];

/** Requests of a simulation can be sent twice, as a GET can. */
const REPLAYABLE = {
  method: "GET",
  target: "/",
  headers: [],
  body: null,
  contentLength: undefined,
  replayable: true,
} as const;

/** What a {@linkcode SimulatedBalancer} works with. */
export interface BalancerParts {
  /** The servers. */
  readonly registry: Registry;
  /** Their state, as this balancer sees it. */
  readonly table: StateTable;
  /** The rule for choosing one. */
  readonly policy: Policy;
  /** The time. */
  readonly clock: SimulatedClock;
  /** The requests that are under way. */
  readonly requests: Requests;
  /** Who sends them. */
  readonly clients: Clients;
  /** When those that wait for a server have waited for too long. */
  readonly waiting: Expiries;
  /** What works on them. */
  readonly upstreams: Upstreams;
  /** Where it is counted what becomes of them. */
  readonly measurements: Measurements;
  /** What to go by. */
  readonly settings: {
    readonly retries: Retries;
    readonly limits: Limits;
  };
}

/**
 * One balancer: what `Dispatcher` and `WaitingQueue` do with promises, done at once. It picks with
 * the real picker, by the real policy, candidates and state table; whether a request that failed is
 * tried again, the real rules and budget decide.
 */
export class SimulatedBalancer {
  readonly #parts: BalancerParts;
  readonly #picker: Picker;
  readonly #budget: RetryBudget;
  readonly #line: Line;
  /** What watches the servers' responses; set once there is what it reports to. */
  watch!: FailureWatch;
  /** The most requests that waited at once. */
  longestLine = 0;

  /** @param parts What to work with. */
  constructor(parts: BalancerParts) {
    this.#parts = parts;
    this.#picker = new Picker(parts);
    this.#budget = new RetryBudget(parts.settings.retries.budget);
    this.#line = new Line(parts.requests);
  }

  /** Lets the policy pick so often as if requests had come, one at a time, before the first moment. */
  pickBefore(times: number): void {
    const { table, clients } = this.#parts;
    for (let i = 0; i < times; i++) {
      const pick = this.#picker.pick(NOTHING_TRIED, clients.context(0));
      if (typeof pick === "object") table.finish(pick.slot);
    }
  }

  /** A request has come. */
  receive(request: number): void {
    const { clock, requests } = this.#parts;
    this.#budget.countRequest(clock.time);
    if (this.#line.length === 0) return this.#dispatch(request);
    // Those who wait already come first.
    this.#wait(request);
    // Where one of them waits for certain servers only, others may be free.
    if (requests.tried.size > 0) this.wake();
  }

  /**
   * A server has answered a request.
   *
   * @param request The request.
   * @param slot The server's slot.
   * @param answer When the server began to work on it, and what it answered with.
   */
  answered(
    request: number,
    slot: number,
    { start, status }: { start: number; status: number },
  ): void {
    const { registry, table, clients, requests, measurements, clock } = this.#parts;
    this.watch.answered(registry.inSlot(slot)!, status);
    clients.keep(requests.client[request]!, slot);
    measurements.countAnswer(request, start, { now: clock.time, error: status >= 500 });
    this.#end(request);
    table.finish(slot);
    this.wake();
  }

  /**
   * A server has failed a request: it goes to another one, if it may.
   *
   * @param request The request.
   * @param slot The server's slot.
   * @param failure How.
   */
  failed(request: number, slot: number, failure: BalancerError): void {
    const { registry, table, requests, settings: { retries }, clock } = this.#parts;
    table.finish(slot);
    this.wake();
    this.watch.failed(registry.inSlot(slot)!, failure);
    const slots = [...this.#tried(request), slot];
    requests.tried.set(request, { slots, failure });
    const remedy = decideRetry(failure, REPLAYABLE);
    const isLast = slots.length >= retries.tries || remedy === "none" ||
      (remedy === "retry" && !this.#budget.tryRetry(clock.time));
    if (isLast) this.#fail(request, failure.code);
    else this.#dispatch(request);
  }

  /** A request has waited for too long. */
  expire(request: number): void {
    this.#line.leave(request);
    this.#fail(request, "queue_timeout");
  }

  /** A server may have become free: gives it to the one who has waited longest. */
  wake(): void {
    const { requests } = this.#parts;
    let request = this.#line.first;
    while (request !== -1) {
      const pick = this.#pick(request);
      if (pick === "full") {
        // One that waits for certain servers only does not hold up the others.
        if (!requests.tried.has(request)) return;
        request = requests.behind[request]!;
        continue;
      }
      this.#line.leave(request);
      requests.version[request]! += 1;
      this.#send(request, pick?.slot);
      request = this.#line.first;
    }
  }

  #tried(request: number): readonly number[] {
    return this.#parts.requests.tried.get(request)?.slots ?? NOTHING_TRIED;
  }

  #pick(request: number): ReturnType<Picker["pick"]> {
    const { requests, clients } = this.#parts;
    return this.#picker.pick(this.#tried(request), clients.context(requests.client[request]!));
  }

  #dispatch(request: number): void {
    const pick = this.#pick(request);
    if (pick === "full") this.#wait(request);
    else this.#send(request, pick?.slot);
  }

  #send(request: number, slot: number | undefined): void {
    const { requests, upstreams, measurements, registry } = this.#parts;
    const failed = requests.tried.get(request);
    if (slot === undefined) return this.#fail(request, failed?.failure.code ?? "no_server");
    if (failed !== undefined) measurements.countRetry(request);
    measurements.countPick(request, slot);
    if (upstreams.accept(request, slot)) return;
    this.failed(request, slot, refused(registry.inSlot(slot)!.server.url));
  }

  #wait(request: number): void {
    const { clock, waiting, settings: { limits } } = this.#parts;
    if (this.#line.length >= limits.queue) return this.#fail(request, "overloaded");
    this.#line.join(request);
    this.longestLine = Math.max(this.longestLine, this.#line.length);
    waiting.add(request, clock.time);
  }

  #fail(request: number, code: ErrorCode): void {
    this.#parts.measurements.countFailure(request, code);
    this.#end(request);
  }

  #end(request: number): void {
    const { requests, measurements, clock } = this.#parts;
    measurements.noteChange(clock.time);
    requests.remove(request);
  }
}
