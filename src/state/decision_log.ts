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
 * The latest routing decisions with their reasons. Nothing is recorded, at no cost, until
 * {@linkcode DecisionLog.keep} sets how many decisions to keep.
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
   * Makes an empty log.
   *
   * @param options The options.
   */
  constructor({ keep = 0, ejectedUntil = () => undefined }: DecisionLogOptions = {}) {
    this.#kept = new Array(keep);
    this.#ejectedUntil = ejectedUntil;
  }

  /** The most decisions that are kept; 0 while none are recorded. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Whether decisions are recorded. */
  get recording(): boolean {
    return this.#kept.length > 0;
  }

  /**
   * Number of requests since recording began that were not recorded, because a thread had more than a
   * few hundred per second.
   */
  get skipped(): number {
    return this.#skipped;
  }

  /** Number of the latest decision; 0 before the first. */
  get count(): number {
    return this.#count;
  }

  /**
   * Sets how many of the latest decisions are kept, and starts or stops recording.
   *
   * @param count Number of decisions, 0 to 10000; with 0 nothing is recorded, and all are dropped.
   * @throws {BalancerError} `invalid`; nothing has changed.
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
   * The latest decisions, oldest first.
   *
   * @param limit The most decisions to return. Default: all that are kept.
   */
  latest(limit: number = this.kept): Decision[] {
    return this.after(Math.max(this.#count - limit, this.#dropped), limit);
  }

  /**
   * The kept decisions after a number, oldest first.
   *
   * @param number Number of the last known decision.
   * @param limit The most decisions to return. Default: all that are kept.
   */
  after(number: number, limit: number = this.kept): Decision[] {
    const from = Math.max(number, this.#dropped) + 1;
    const length = Math.max(0, Math.min(limit, this.#count - from + 1));
    return Array.from({ length }, (_, i) => this.#kept[(from + i) % this.kept]!);
  }

  /**
   * Calls `listener` for each new decision; the returned function ends the subscription. If it throws,
   * or returns a promise that rejects, the error is logged.
   */
  subscribe(listener: (decision: Decision) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls `listener` whenever recording starts or stops; the returned function ends the subscription.
   * Its errors are logged, as with {@linkcode DecisionLog.subscribe}.
   */
  onSwitch(listener: (recording: boolean) => unknown): () => void {
    this.#switchListeners.add(listener);
    return () => this.#switchListeners.delete(listener);
  }

  /** Adds a decision. */
  add(news: Omit<Decision, "number">): void {
    // A worker may not know yet that recording has stopped.
    if (!this.recording) return;
    const candidates = news.candidates.map((candidate) => {
      const until = candidate.code === "ejected" ? this.#ejectedUntil(candidate.url) : undefined;
      if (until === undefined) return candidate;
      return { ...candidate, verdict: ejectedVerdict(until) };
    });
    const decision: Decision = { number: ++this.#count, ...news, candidates };
    this.#kept[decision.number % this.kept] = decision;
    this.#dropped = Math.max(this.#dropped, this.#count - this.kept);
    notify(this.#listeners, decision, "report a decision");
  }

  /** Counts requests that were not recorded, as there were too many. */
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
