import { AdminClientError } from "../../admin/client/admin_client.ts";
import type { StatsJson } from "../../admin/stats.ts";
import { listenTo } from "../../runtime/signals.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { pause } from "../../runtime/time.ts";
import { Screen } from "./screen.ts";
import { renderStatus } from "./view.ts";

/** Refresh period, in milliseconds. */
const PERIOD_MS = 1000;
/** Length of the history, in seconds. */
const HISTORY = 60;

/** Options of {@linkcode watchStatus}. */
export interface WatchOptions {
  /** Reads the stats of the balancer. */
  readonly read: (signal: AbortSignal) => Promise<StatsJson>;
  /** Whether to use colours. */
  readonly colors: boolean;
  /** Ends the watching. */
  readonly signal: AbortSignal;
}

/**
 * Shows the state of a balancer on the terminal and refreshes it every second. If the balancer becomes
 * unreachable, the view says so, and refreshing continues.
 *
 * @throws {AdminClientError} If the balancer is unreachable at the beginning.
 */
export async function watchStatus({ read, colors, signal }: WatchOptions): Promise<void> {
  let stats = await read(signal);
  let problem: string | undefined;
  const history: number[] = [];
  await using screen = await Screen.open();
  function draw(): Promise<boolean> {
    return screen.draw(renderStatus(stats, { ...screen.size, colors, history, problem }));
  }
  // Without this signal, on Windows, the next refresh adapts to a new size.
  using _ = listenTo("SIGWINCH", () => void draw());
  while (await draw()) {
    await pause(systemClock, PERIOD_MS, signal);
    if (signal.aborted) return;
    try {
      const next = await read(signal);
      history.push(rateBetween(stats, next));
      if (history.length > HISTORY) history.shift();
      stats = next;
      problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof AdminClientError)) throw error;
      problem = error.message;
    }
  }
}

/** Requests per second between two refreshes. The stats themselves average ten seconds. */
function rateBetween(before: StatsJson, after: StatsJson): number {
  const seconds = after.uptime_seconds - before.uptime_seconds;
  const requests = after.total.requests - before.total.requests;
  // A restarted balancer counts from zero.
  if (seconds <= 0 || requests < 0) return after.total.requests_per_second ?? 0;
  return requests / seconds;
}
