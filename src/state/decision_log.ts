import type { Decision } from "../model/decision.ts";
import { BalancerError } from "../model/errors.ts";
import { callGuarded } from "../model/guarded_call.ts";
import { DECISIONS_MAX } from "../model/settings.ts";

/** What a {@linkcode DecisionLog} is made of. */
export interface DecisionLogOptions {
  /** How many decisions to keep, 0 to {@linkcode DECISIONS_MAX}. Default: 0, none. */
  readonly keep?: number | undefined;
  /** Until when a server is ejected, which only the thread knows that ejects. Default: not told. */
  readonly ejectedUntil?: (url: string) => Date | undefined;
}

/**
 * Why the latest requests went where they went. It is empty, and costs nothing, until
 * {@linkcode DecisionLog.keep} says how many decisions to keep.
 */
export class DecisionLog {
  readonly #ejectedUntil: (url: string) => Date | undefined;
  /** A ring: the decision with the number n is at n modulo its length. */
  #kept: (Decision | undefined)[];
  readonly #listeners = new Set<(decision: Decision) => unknown>();
  readonly #switchListeners = new Set<(recording: boolean) => unknown>();
  #count = 0;
  /** The number of the decision before the oldest that is kept. */
  #dropped = 0;
  #skipped = 0;

  /**
   * Makes an empty log.
   *
   * @param options What it is made of.
   */
  constructor({ keep = 0, ejectedUntil = () => undefined }: DecisionLogOptions = {}) {
    this.#kept = new Array(keep);
    this.#ejectedUntil = ejectedUntil;
  }

  /** How many decisions are kept at most; 0 while none are recorded. */
  get kept(): number {
    return this.#kept.length;
  }

  /** Whether decisions are recorded. */
  get recording(): boolean {
    return this.#kept.length > 0;
  }

  /**
   * How many requests were not recorded because there were more than some hundred a second on a
   * thread, since recording began.
   */
  get skipped(): number {
    return this.#skipped;
  }

  /** The number of the latest decision; 0 before the first. */
  get count(): number {
    return this.#count;
  }

  /**
   * Keeps this many of the latest decisions from now on, and begins or ends to record them.
   *
   * @param count How many, 0 to 10000; with 0 nothing is recorded, and what was is dropped.
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
    tell(this.#switchListeners, this.recording, "tell whether decisions are recorded");
  }

  /**
   * The latest decisions, oldest first.
   *
   * @param limit How many at most. Default: all that are kept.
   */
  latest(limit: number = this.kept): Decision[] {
    return this.after(Math.max(this.#count - limit, this.#dropped), limit);
  }

  /**
   * The decisions that were kept of those after a number, oldest first.
   *
   * @param number The number of the last decision that is known already.
   * @param limit How many at most. Default: all that are kept.
   */
  after(number: number, limit: number = this.kept): Decision[] {
    const from = Math.max(number, this.#dropped) + 1;
    const length = Math.max(0, Math.min(limit, this.#count - from + 1));
    return Array.from({ length }, (_, i) => this.#kept[(from + i) % this.kept]!);
  }

  /**
   * Calls `listener` for each decision from now on; the returned function ends that. If it throws, or
   * returns a promise that rejects, that is logged, and nothing else happens.
   */
  subscribe(listener: (decision: Decision) => unknown): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Calls `listener` whenever recording begins or ends; the returned function ends that. It is
   * guarded as those of {@linkcode DecisionLog.subscribe} are.
   */
  onSwitch(listener: (recording: boolean) => unknown): () => void {
    this.#switchListeners.add(listener);
    return () => this.#switchListeners.delete(listener);
  }

  /** A server was picked. */
  add(news: Omit<Decision, "number">): void {
    // A worker may not know yet that nobody wants to know any more.
    if (!this.recording) return;
    const candidates = news.candidates.map((candidate) => {
      const until = candidate.code === "ejected" ? this.#ejectedUntil(candidate.url) : undefined;
      if (until === undefined) return candidate;
      return { ...candidate, verdict: ejectedVerdict(until) };
    });
    const decision: Decision = { number: ++this.#count, ...news, candidates };
    this.#kept[decision.number % this.kept] = decision;
    this.#dropped = Math.max(this.#dropped, this.#count - this.kept);
    tell(this.#listeners, decision, "tell why a server was picked");
  }

  /** A request came for which nothing was recorded, as there are too many. */
  skip(count = 1): void {
    if (this.recording) this.#skipped += count;
  }
}

function tell<T>(listeners: Set<(news: T) => unknown>, news: T, what: string): void {
  // A listener may end subscriptions, and begin others, which are for what comes after this.
  for (const listener of [...listeners]) {
    if (!listeners.has(listener)) continue;
    callGuarded(what, () => listener(news));
  }
}

/**
 * What is said of a server that was not picked because it is ejected.
 *
 * @param until Until when; undefined where that is not known.
 */
export function ejectedVerdict(until?: Date): string {
  // The time of day as people read it, in UTC as everything else.
  const time = until === undefined ? "" : ` until ${until.toISOString().slice(11, 19)} UTC`;
  return `ejected${time}, and others are preferred`;
}
