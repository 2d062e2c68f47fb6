import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { errorText } from "../../model/error_text.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Whether etcd can be reached, and since when. Each change is logged, once. */
export class Connection {
  readonly #clock: Clock;
  readonly #arrivals = Promise.withResolvers<void>();
  #connected = false;
  #told = false;
  #since: Date;
  #reachedAt = 0;
  #error: string | undefined;

  /** @param clock The time of day. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.date();
  }

  /** Whether it can be reached. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Since when that is so. */
  get since(): Date {
    return this.#since;
  }

  /** For how long it has been reached without a break, in milliseconds; 0 while it cannot be. */
  get reachedFor(): number {
    return this.#connected ? this.#clock.now() - this.#reachedAt : 0;
  }

  /** Why it cannot be reached; undefined where it can, and before the first try. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Resolves when it was reached for the first time. */
  get reached(): Promise<void> {
    return this.#arrivals.promise;
  }

  /** It was reached. */
  here(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.#reachedAt = this.#clock.now();
    this.#since = this.#clock.date();
    this.#error = undefined;
    logger.info("etcd is reached, and its servers are followed");
    this.#told = false;
    this.#arrivals.resolve();
  }

  /** It was not reached. */
  away(error: unknown): void {
    this.#error = errorText(error);
    if (this.#connected) {
      this.#connected = false;
      this.#since = this.#clock.date();
    }
    if (this.#told) return;
    this.#told = true;
    logger.warn(
      "etcd cannot be reached, and is tried again until it can: {why}. The servers that are known stay in use",
      { why: this.#error },
    );
  }
}
