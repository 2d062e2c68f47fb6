import type { Decision } from "../model/decision.ts";
import { BalancerError } from "../model/errors.ts";
import { callGuarded } from "../model/guarded_call.ts";
import { DECISIONS_MAX } from "../model/settings.ts";

/** Options of a {@linkcode DecisionLog}. */
export interface DecisionLogOptions {
  /** Number of decisions to keep, 0 to {@linkcode DECISIONS_MAX}. Default: 0, none. */
  readonly keep?: number | undefined;
  /** End of a server's ejection, which only the control plane knows. Default: unknown. */
  readonly ejectedUntil?: (url: string) => Date | undefined;
}

/**
 * The latest routing decisions, and subscriptions to new ones. Recording is off, and costs nothing,
 * until {@linkcode DecisionLog.keep} sets how many decisions to keep.
 *
 * @example Record decisions
 * ```ts
 * import { LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer();
 * balancer.decisions.keep(100);
 * await balancer.fetch(new Request("http://localhost/"));
 * const [decision] = balancer.decisions.latest();
 * console.assert(decision?.code === "no_server");
 * ```
 */
export class DecisionLog {
  readonly #ejectedUntil: (url: string) => Date | undefined;
  /** Ring buffer: decision number n is at index n modulo its length. */
  #kept: (Decision | undefined)[];
  readonly #listeners = new Set<(decision: Decision) => unknown>();
  readonly #switchListeners = new Set<(recording: boolean) => unknown>();
  #count = 0;
  /** Number of the decision before the oldest one that is kept. */
  #dropped = 0;
  #skipped = 0;

  /**
   * Creates an empty log.
   *
   * @param options The options.
   */
  constructor({ keep = 0, ejectedUntil = () => undefined }: DecisionLogOptions = {}) {
    this.#kept = new Array(keep);
    this.#ejectedUntil = ejectedUntil;
  }

  /** Maximum number of decisions kept; 0 while recording is off. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Whether decisions are recorded. */
  get recording(): boolean {
    return this.#kept.length > 0;
  }

  /**
   * Number of requests not recorded since recording began. This happens when a thread handles more
   * than a few hundred requests per second.
   */
  get skipped(): number {
    return this.#skipped;
  }

  /** Number of the latest decision; 0 before the first. */
  get count(): number {
    return this.#count;
  }

  /**
   * Sets how many of the latest decisions to keep, and so turns recording on or off.
   *
   * @param count Number of decisions, 0 to 10000; 0 turns recording off and drops all decisions.
   * @throws {BalancerError} `invalid`; nothing was changed.
   */
  keep(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > DECISIONS_MAX) {
      throw new BalancerError(
        "invalid",
        `Cannot keep ${count} decisions: give a whole number from 0 to ${DECISIONS_MAX}`,
      );
    }
    if (count === this.kept) return;
    const before = this.recording;
    const latest = count === 0 ? [] : this.latest(count);
    this.#kept = new Array(count);
    for (const decision of latest) this.#kept[decision.number % count] = decision;
    this.#dropped = this.#count - latest.length;
    if (before === this.recording) return;
    this.#skipped = 0;
    notify(this.#switchListeners, this.recording, "report whether decisions are recorded");
  }

  /**
   * Returns the latest decisions, oldest first.
   *
   * @param limit Maximum number of decisions. Default: all that are kept.
   */
  latest(limit: number = this.kept): Decision[] {
    return this.after(Math.max(this.#count - limit, this.#dropped), limit);
  }

  /**
   * Returns the decisions after a number that are still kept, oldest first.
   *
   * @param number Number of the last decision that the caller knows.
   * @param limit Maximum number of decisions. Default: all that are kept.
   */
  after(number: number, limit: number = this.kept): Decision[] {
    const from = Math.max(number, this.#dropped) + 1;
    const length = Math.max(0, Math.min(limit, this.#count - from + 1));
    return Array.from({ length }, (_, i) => this.#kept[(from + i) % this.kept]!);
  }

  /**
   * Calls `listener` for each new decision. If the listener throws or returns a promise that
   * rejects, the error is logged. The returned function ends the subscription.
   */
  subscribe(listener: (decision: Decision) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls `listener` whenever recording starts or stops; the returned function ends the subscription.
   * Errors are handled as in {@linkcode DecisionLog.subscribe}.
   */
  onSwitch(listener: (recording: boolean) => unknown): () => void {
    this.#switchListeners.add(listener);
    return () => this.#switchListeners.delete(listener);
  }

  /** Records a decision; the balancer calls this. */
  add(record: Omit<Decision, "number">): void {
    // A worker may not know yet that recording has stopped.
    if (!this.recording) return;
    const candidates = record.candidates.map((candidate) => {
      const until = candidate.code === "ejected" ? this.#ejectedUntil(candidate.url) : undefined;
      if (until === undefined) return candidate;
      return { ...candidate, verdict: ejectedVerdict(until) };
    });
    const decision: Decision = { number: ++this.#count, ...record, candidates };
    this.#kept[decision.number % this.kept] = decision;
    this.#dropped = Math.max(this.#dropped, this.#count - this.kept);
    notify(this.#listeners, decision, "report a decision");
  }

  /**
   * Counts requests that were not recorded because there were too many; the balancer calls this.
   */
  skip(count = 1): void {
    if (this.recording) this.#skipped += count;
  }
}

function notify<T>(listeners: Set<(news: T) => unknown>, news: T, action: string): void {
  // Listeners may end subscriptions, and start others, which apply to later news.
  for (const listener of [...listeners]) {
    if (!listeners.has(listener)) continue;
    callGuarded(action, () => listener(news));
  }
}

/**
 * Verdict on a server that was not picked because it is ejected.
 *
 * @param until End of the ejection; undefined if unknown.
 */
export function ejectedVerdict(until?: Date): string {
  // Time of day in UTC, like all times.
  const time = until === undefined ? "" : ` until ${until.toISOString().slice(11, 19)} UTC`;
  return `ejected${time}, and others are preferred`;
}
