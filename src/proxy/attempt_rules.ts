import type { OutlierReport } from "../model/ejection_state.ts";
import type { BalancerError } from "../model/errors.ts";
import type { Ejection, Retries } from "../model/settings.ts";
import type { PickContext } from "../state/policy.ts";
import type { Entry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { RecordedRequest } from "./decision_recorder.ts";
import { FailureWatch } from "../health/failure_watch.ts";
import { type Pick, Picker, type PickerParts } from "./picker.ts";
import { RetryBudget } from "./retry_budget.ts";
import { decideRetry, type RetriedRequest } from "./retry_decision.ts";
import type { WaitingList } from "./waiting_list.ts";

/** Options of {@linkcode AttemptRules}. */
export interface AttemptRulesOptions extends PickerParts {
  /** Requests that wait for a server. */
  readonly waiting: WaitingList;
  /** Limits of retries. */
  readonly retries: Retries;
  /** Failures in a row after which a server is reported. */
  readonly ejection: Ejection;
  /** Receives the reports on servers. */
  readonly report: (report: OutlierReport) => void;
}

/** A failed attempt of a request. */
export interface FailedAttempt {
  /** The request. */
  readonly request: RetriedRequest;
  /** Number of its attempts, including this one. */
  readonly attempts: number;
  /** The time, in milliseconds. */
  readonly now: number;
}

/**
 * Rules for the attempts of all requests of a thread, without any I/O: which requests queue, which
 * server one goes to, whether a failed one is retried, and who gets a server that becomes free. The
 * dispatcher follows them with real servers, the simulator with simulated ones.
 */
export class AttemptRules {
  readonly #table: StateTable;
  readonly #waiting: WaitingList;
  readonly #picker: Picker;
  readonly #watch: FailureWatch;
  readonly #budget: RetryBudget;
  readonly #attemptsMax: number;

  /** @param options The options. */
  constructor(options: AttemptRulesOptions) {
    const { table, waiting, retries, ejection, report } = options;
    this.#table = table;
    this.#waiting = waiting;
    this.#picker = new Picker(options);
    this.#watch = new FailureWatch({ table, ejection, report });
    this.#budget = new RetryBudget(retries.budget);
    this.#attemptsMax = retries.tries;
  }

  /**
   * Counts a new request, for the retry budget.
   *
   * @param now The time, in milliseconds.
   */
  countRequest(now: number): void {
    this.#budget.countRequest(now);
  }

  /**
   * Picks a server for a request that is not queued, and counts the request there. For a first
   * attempt, the result is `full` while others are queued, on any thread; a retry has had its turn
   * already.
   *
   * @param attempted Slots of previous attempts.
   * @param context Properties of the request that the policy may use.
   * @param recorded The request, if the pick is to be recorded.
   */
  pick(attempted: readonly number[], context: PickContext, recorded?: RecordedRequest): Pick {
    if (attempted.length === 0 && this.#waiting.crowded) return "full";
    return this.#picker.pick(attempted, context, recorded);
  }

  /** Picks a server for a queued request whose turn it is, and counts the request there. */
  pickInTurn(attempted: readonly number[], context: PickContext, recorded?: RecordedRequest): Pick {
    return this.#picker.pick(attempted, context, recorded);
  }

  /** Notes that a server has responded. The request stays active there until it is released. */
  responded(entry: Entry, status: number): void {
    this.#watch.answered(entry, status);
  }

  /**
   * Notes that an attempt has failed, once its server was released.
   *
   * @returns Whether the request may go to another server.
   */
  mayRetry(entry: Entry, failure: BalancerError, attempt: FailedAttempt): boolean {
    this.#watch.failed(entry, failure);
    if (attempt.attempts >= this.#attemptsMax) return false;
    const decision = decideRetry(failure, attempt.request);
    return decision === "redispatch" ||
      decision === "retry" && this.#budget.tryRetry(attempt.now);
  }

  /** Ends a request's activity at a server, and lets waiting requests have the server. */
  release(slot: number): void {
    this.#table.finish(slot);
    if (this.#waiting.crowded) this.#waiting.wake();
  }
}
