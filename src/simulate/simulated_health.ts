import type { Entry, Registry } from "../state/registry.ts";
import type { Ejection } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import { HealthChecker } from "../health/checker.ts";
import { Ejector } from "../health/ejector.ts";
import type { HealthCheck } from "../model/settings.ts";
import { SlowStart } from "../health/slow_start.ts";
import type { OutlierReport } from "../health/failure_watch.ts";
import type { Probes } from "./probes.ts";
import type { SimulatedClock } from "./simulated_clock.ts";

/** What a balancer goes by when it takes servers out. */
export interface HealthSettings {
  /** How servers are checked. */
  readonly healthCheck: HealthCheck;
  /** When a server that fails requests is taken out. */
  readonly ejection: Ejection;
  /** Seconds in which the weight of a server that comes back grows. */
  readonly slowStart: number;
}

/** What {@linkcode SimulatedHealth} works with. */
export interface SimulatedHealthParts {
  /** The servers; only those whose checks can fail have a period above 0. */
  readonly registry: Registry;
  /** Their state as this balancer sees it. */
  readonly table: StateTable;
  /** The time. */
  readonly clock: SimulatedClock;
  /** What to go by. */
  readonly settings: HealthSettings;
  /** What checks the servers; undefined where none can fail, so that no check would change a thing. */
  readonly probes: Probes | undefined;
  /** A number from 0 up to 1 that spreads the checks. */
  readonly random: () => number;
  /** Called when a server is trusted again, or not any more. */
  readonly onChange: (change: HealthChange) => void;
}

/** What a balancer has found of a server. */
export type HealthChange = "healthy" | "unhealthy" | "ejected" | "on_trial" | "returned";

/** How one balancer finds out which servers are down: its real checks, ejections and slow start. */
export class SimulatedHealth {
  /** Acts on the reports of the balancer's requests. */
  readonly report: (report: OutlierReport) => void;

  /** @param parts What to work with. The checks begin at once. */
  constructor(
    { registry, table, clock, settings, probes, random, onChange }: SimulatedHealthParts,
  ) {
    const { ejection, healthCheck, slowStart: duration } = settings;
    const slowStart = new SlowStart({ registry, table, clock, duration });
    const onReturn = (entry: Entry) => slowStart.begin(entry);
    const ejector = new Ejector({
      ...{ registry, table, clock, ejection, onReturn },
      onChange: (type) => onChange(type),
    });
    this.report = ({ type, url, why }) =>
      type === "failing" ? ejector.eject(url, why) : ejector.reinstate(url);
    if (probes === undefined) return;
    new HealthChecker({
      ...{ registry, table, clock, random },
      transport: probes,
      check: healthCheck,
      onResult: () => probes.settled(),
      onChange: (entry, healthy) => {
        if (healthy) slowStart.begin(entry);
        onChange(healthy ? "healthy" : "unhealthy");
      },
    });
  }
}
