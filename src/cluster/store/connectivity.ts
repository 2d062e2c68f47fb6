import { getLogger } from "@logtape/logtape";
import { errorText } from "../../model/error_text.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Etcd } from "../etcd/etcd_types.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Connectivity to etcd: up or down, and since when. Logs each change once. */
export class Connectivity {
  readonly #clock: Clock;
  readonly #firstUp = Promise.withResolvers<void>();
  #isUp = false;
  #isDownLogged = false;
  #since: Date;
  #upAt = 0;
  #error: string | undefined;

  /** @param clock The clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.date();
  }

  /** Whether etcd can be reached. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Time of the last change. */
  get since(): Date {
    return this.#since;
  }

  /** How long etcd has been up without a break, in milliseconds; 0 while it is down. */
  get upFor(): number {
    return this.#isUp ? this.#clock.now() - this.#upAt : 0;
  }

  /** Why etcd cannot be reached; undefined while it is up, and before the first attempt. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Resolves when etcd has been reached for the first time. */
  get firstUp(): Promise<void> {
    return this.#firstUp.promise;
  }

  /** Records that etcd was reached. */
  up(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#upAt = this.#clock.now();
    this.#since = this.#clock.date();
    this.#error = undefined;
    logger.info("Connected to etcd; watching servers");
    this.#isDownLogged = false;
    this.#firstUp.resolve();
  }

  /** Records that etcd was not reached. */
  down(error: unknown): void {
    this.#error = errorText(error);
    if (this.#isUp) {
      this.#isUp = false;
      this.#since = this.#clock.date();
    }
    if (this.#isDownLogged) return;
    this.#isDownLogged = true;
    logger.warn("Cannot reach etcd, retrying: {why}. The known servers stay in use", {
      why: this.#error,
    });
  }
}

/** Dependencies of everything that talks to etcd. */
export interface EtcdContext {
  /** The etcd client. */
  readonly etcd: Etcd;
  /** Connectivity to etcd. */
  readonly connectivity: Connectivity;
  /** The clock and its timers. */
  readonly clock: Clock;
  /** Returns a number in [0, 1). */
  readonly random: () => number;
}
