import type { Clock } from "../runtime/clock.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { Transport } from "../upstream/transport.ts";
import type { HealthCheck } from "../model/settings.ts";

/** The parts and the settings of a `HealthChecker`. */
export interface CheckerOptions {
  /** The servers to check. */
  readonly registry: Registry;
  /** Where their health is written. */
  readonly table: StateTable;
  /** What moves the requests. */
  readonly transport: Transport;
  /** The time and the timers. */
  readonly clock: Clock;
  /** What to ask for, and what passes. */
  readonly check: HealthCheck;
  /** Called with what each check of a server came to. Default: nothing. */
  readonly onResult?: (entry: Entry, passed: boolean) => void;
  /** Called when a server has become unhealthy, or healthy again. Default: nothing. */
  readonly onChange?: (entry: Entry, healthy: boolean, detail: string | undefined) => void;
  /** A number from 0 up to 1 that spreads the checks. Default: `Math.random`. */
  readonly random?: () => number;
}
