import type { Clock } from "../runtime/clock.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import type { Settings } from "../model/settings.ts";
import type { BalancerEvent } from "../state/event_log.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import { type CheckerOptions, HealthChecker } from "./checker.ts";
import { Ejector } from "./ejector.ts";
import { SlowStart } from "./slow_start.ts";

/** Change of a server's health, by health checks or by ejection. */
export type HealthChange = Exclude<BalancerEvent["type"], "added" | "updated" | "removed">;

/** Options of {@linkcode ServerHealth}. */
export interface ServerHealthOptions {
  /** The servers. */
  readonly registry: Registry;
  /** State table, which holds their health, ejection state and share of the weight. */
  readonly table: StateTable;
  /** Clock and timers. */
  readonly clock: Clock;
  /** Settings of ejection and slow start. */
  readonly settings: Pick<Settings, "ejection" | "slowStart">;
  /** Called with each change, and the reason if there is one. */
  readonly onChange: (change: HealthChange, entry: Entry, detail: string | undefined) => void;
}

/** Options of the health checks. */
export type CheckOptions = Pick<CheckerOptions, "transport" | "check" | "onResult" | "random">;

/**
 * Health of the servers: active checks, ejection of servers that fail their requests, and slow start
 * of those that come back from either.
 */
export class ServerHealth implements Disposable {
  readonly #options: ServerHealthOptions;
  readonly #slowStart: SlowStart;
  readonly #ejector: Ejector;
  #checker: HealthChecker | undefined;

  /** @param options The options. */
  constructor(options: ServerHealthOptions) {
    const { registry, table, clock, settings: { ejection, slowStart }, onChange } = options;
    this.#options = options;
    this.#slowStart = new SlowStart({ registry, table, clock, duration: slowStart });
    this.#ejector = new Ejector({
      ...{ registry, table, clock, ejection, onChange },
      onReturn: (entry) => this.#slowStart.begin(entry),
    });
  }

  /** The health checker; undefined before {@linkcode ServerHealth.startChecks}. */
  get checker(): HealthChecker | undefined {
    return this.#checker;
  }

  /** The ejector. */
  get ejector(): Ejector {
    return this.#ejector;
  }

  /** Starts the health checks. */
  startChecks(options: CheckOptions): void {
    const { registry, table, clock, onChange } = this.#options;
    this.#checker = new HealthChecker({
      ...{ registry, table, clock },
      ...options,
      onChange: (entry, healthy, detail) => {
        if (healthy) this.#slowStart.begin(entry);
        onChange(healthy ? "healthy" : "unhealthy", entry, detail);
      },
    });
  }

  /** Acts on a report on a server: ejects it, or returns it to rotation. */
  readonly report = ({ type, url, why }: OutlierReport): void => {
    if (type === "failing") this.#ejector.eject(url, why);
    else this.#ejector.reinstate(url);
  };

  /** Stops the checks and all changes; each server keeps its state. */
  [Symbol.dispose](): void {
    for (const part of [this.#checker, this.#ejector, this.#slowStart]) part?.[Symbol.dispose]();
  }
}
