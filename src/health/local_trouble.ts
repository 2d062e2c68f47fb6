import { getLogger } from "@logtape/logtape";
import type { CheckTask } from "./check_task.ts";
import type { ProbeResult } from "./probe.ts";

const logger = getLogger(["ballast", "health"]);

/** How often a check is repeated that has no way to its server until that counts. */
const REPEATS = 3;
/** How long the log says nothing more of checks that could not be made, in milliseconds. */
const SILENCE_MS = 60_000;

/** Checks that could not be made for a reason of this machine's. */
export class LocalTrouble {
  /** When a check last had a result, in the clock's milliseconds. */
  #checkedAt = -Infinity;
  #toldAt = -Infinity;

  /**
   * Says whether a check counts. One that could not be made does not; but where this machine has no
   * way to a server again and again, and does have one to others, that counts as failed here: an
   * address that cannot be reached at all would look well for ever.
   *
   * @param task Whose check it was.
   * @param result What it found.
   * @param now The time in milliseconds.
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
    if (now - this.#toldAt < SILENCE_MS) return;
    this.#toldAt = now;
    logger.warn("Cannot check {url}: {detail}. Its health stays as it is", { url, detail });
  }
}
