import type { Entry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import type { CheckReport } from "../model/server_status.ts";
import type { RemoteResult } from "./check_sharing.ts";
import { type Health, UNCHECKED } from "./threshold.ts";

/** The checks of one server. */
export interface CheckTask {
  /** Slot of the server in the state table. */
  readonly slot: number;
  /** Aborts its checks. */
  readonly abort: AbortController;
  /** The server in its current version. */
  server: Server;
  /** Health according to the checks so far. */
  health: Health;
  /** Latest result of this balancer. */
  report: CheckReport | undefined;
  /** The check in progress; resolves to undefined if it is aborted. */
  running: Promise<CheckReport | undefined> | undefined;
  /** Whether the check in progress was requested, so that it counts in any case. */
  wanted: boolean;
  /** Clock time at which the latest check began, in milliseconds. */
  lastStart: number;
  /** Number of consecutive checks that failed for local reasons. */
  unmade: number;
  /** Clock time at which the first of these ended, in milliseconds. */
  unmadeSince: number;
  /** Whether this balancer checks the server, rather than another one. */
  isOwn: boolean;
  /** Result of the balancer that checks the server instead. */
  shared: RemoteResult | undefined;
  /** Cancels the next check. */
  cancelTimer: () => void;
}

/** Makes the task of a server that has not been checked yet. */
export function newTask({ server, slot }: Entry): CheckTask {
  return {
    slot,
    abort: new AbortController(),
    server,
    health: UNCHECKED,
    report: undefined,
    running: undefined,
    wanted: false,
    lastStart: -Infinity,
    unmade: 0,
    unmadeSince: -Infinity,
    isOwn: false,
    shared: undefined,
    cancelTimer: () => {},
  };
}

/** The latest result: another balancer's, if that one checks the server. */
export function latestReport({ shared, report }: CheckTask): CheckReport | undefined {
  if (shared === undefined) return report;
  const { at, healthy, detail, by } = shared;
  return { at, passed: healthy, detail, duration: 0, by };
}

/** Detail of the latest result, with the balancer that checked, if it is another one. */
export function latestDetail(task: CheckTask): string | undefined {
  const report = latestReport(task);
  if (report?.by === undefined) return report?.detail;
  return `${report.detail} (checked by ${report.by})`;
}
