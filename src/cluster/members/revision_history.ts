import type { Clock } from "../../runtime/clock.ts";

/** Into how many steps the past is divided. */
const STEPS = 5;

/** What a {@linkcode RevisionHistory} works with. */
export interface RevisionHistoryOptions {
  /** The revision now. */
  readonly revision: () => number;
  /** The time and the timers. */
  readonly clock: Clock;
  /** How far back it looks, in milliseconds. */
  readonly age: number;
}

/** Which revision this balancer had seen a while ago: whoever has not seen it by now is behind. */
export class RevisionHistory {
  readonly #options: RevisionHistoryOptions;
  #past: number[] = [];
  #cancel: () => void = () => {};

  /** @param options What to work with. */
  constructor(options: RevisionHistoryOptions) {
    this.#options = options;
  }

  /** The revision then; 0 where that is not known. */
  get before(): number {
    return this.#past.length > STEPS ? this.#past[0]! : 0;
  }

  /** Begins to look; disposing of what is returned ends it. */
  watch(): Disposable {
    this.#look();
    return { [Symbol.dispose]: () => this.#cancel() };
  }

  #look(): void {
    const { revision, clock, age } = this.#options;
    this.#past = [...this.#past, revision()].slice(-STEPS - 1);
    this.#cancel = clock.after(age / STEPS, () => this.#look());
  }
}
