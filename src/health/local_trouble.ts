import { getLogger } from "@logtape/logtape";
import type { CheckTask } from "./check_task.ts";
import type { ProbeResult } from "./probe.ts";

const logger = getLogger(["ballast", "health"]);

/** Number of checks without a route to the server that do not count. */
const REPEATS = 3;
/** The shortest time between two warnings, in milliseconds. */
const WARNING_INTERVAL_MS = 60_000;

/**
 * Recognizes checks that failed for reasons of this machine, which say nothing about the server.
 */
export class LocalTrouble {
  /** Clock time of the last check that counted, in milliseconds. */
  #checkedAt = -Infinity;
  #warnedAt = -Infinity;

  /**
   * Whether a check counts. One that failed for a local reason does not, except when this machine
   * has repeatedly had no route to the server while it had one to others: an unreachable address
   * would otherwise look healthy for ever.
   *
   * @param task The task of the check.
   * @param result The result of the check.
   * @param now The clock time, in milliseconds.
   */
  counts(task: CheckTask, { localReason, detail }: ProbeResult, now: number): boolean {
    if (localReason === undefined) {
      task.unmade = 0;
      this.#checkedAt = now;
      return true;
    }
    if (task.unmade++ === 0) task.unmadeSince = now;
    if (localReason === "no_route" && task.unmade > REPEATS && this.#checkedAt > task.unmadeSince) {
      return true;
    }
    this.#warn(task.server.url, detail, now);
    return false;
  }

  #warn(url: string, detail: string, now: number): void {
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    logger.warn("Cannot check {url}: {detail}. Its health is unchanged", { url, detail });
  }
}
