import type { StatsJson } from "../../admin/stats.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { pause } from "../../runtime/wait.ts";
import { CommandError } from "../errors.ts";
import { Screen } from "./screen.ts";
import { renderStatus } from "./view.ts";

/** How often the view is drawn with new numbers, in milliseconds. */
const PERIOD_MS = 1000;
/** Of how many seconds the past is shown. */
const HISTORY = 60;

/** What is watched, and how. */
export interface WatchOptions {
  /** Asks the balancer. */
  readonly read: (signal: AbortSignal) => Promise<StatsJson>;
  /** Whether the view may have colours. */
  readonly colors: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Shows how a balancer is doing on the terminal, until it is told to end. When the balancer cannot be
 * reached any more, the view says so and it goes on trying.
 *
 * @param options What to show.
 * @throws {CommandError} If the balancer cannot be reached at the beginning.
 */
export async function watchStatus({ read, colors, signal }: WatchOptions): Promise<void> {
  let stats = await read(signal);
  let problem: string | undefined;
  const history: number[] = [];
  await using screen = await Screen.open();
  function draw(): Promise<boolean> {
    return screen.draw(renderStatus(stats, { ...screen.size, colors, history, problem }));
  }
  using _ = onResize(draw);
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
      if (!(error instanceof CommandError)) throw error;
      problem = error.message;
    }
  }
}

/** Requests in a second between two looks: fresher than what the balancer says of ten seconds. */
function rateBetween(before: StatsJson, after: StatsJson): number {
  const seconds = after.uptime_seconds - before.uptime_seconds;
  const requests = after.total.requests - before.total.requests;
  // A balancer that was started again counts anew.
  if (seconds <= 0 || requests < 0) return after.total.requests_per_second ?? 0;
  return requests / seconds;
}

/** Windows knows no such signal; there, the next second brings the new size. */
function onResize(draw: () => Promise<unknown>): Disposable {
  if (Deno.build.os === "windows") return { [Symbol.dispose]: () => {} };
  const listener = () => void draw();
  Deno.addSignalListener("SIGWINCH", listener);
  return { [Symbol.dispose]: () => Deno.removeSignalListener("SIGWINCH", listener) };
}
