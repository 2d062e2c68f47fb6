import type { Clock } from "../../runtime/clock.ts";

/** Number of samples in the period. */
const STEPS = 5;

/** Options of a {@linkcode RevisionHistory}. */
export interface RevisionHistoryOptions {
  /** Returns the current revision. */
  readonly revision: () => number;
  /** The clock and its timers. */
  readonly clock: Clock;
  /** How far back to look, in milliseconds. */
  readonly age: number;
}

/** Remembers the revision of a while ago: a balancer that has not seen that by now is behind. */
export class RevisionHistory {
  readonly #options: RevisionHistoryOptions;
  #samples: number[] = [];
  #cancel: () => void = () => {};

  /** @param options The revision, and how far back to look. */
  constructor(options: RevisionHistoryOptions) {
    this.#options = options;
  }

  /** The revision at that time; 0 if it is unknown. */
  get before(): number {
    return this.#samples.length > STEPS ? this.#samples[0]! : 0;
  }

  /** Starts sampling until the result is disposed of. */
  watch(): Disposable {
    this.#sample();
    return { [Symbol.dispose]: () => this.#cancel() };
  }

  #sample(): void {
    const { revision, clock, age } = this.#options;
    this.#samples = [...this.#samples, revision()].slice(-STEPS - 1);
    this.#cancel = clock.after(age / STEPS, () => this.#sample());
  }
}
