import type { Entry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import type { CheckReport } from "../model/server_status.ts";
import type { RemoteResult } from "./check_sharing.ts";
import { type Health, UNCHECKED } from "./threshold.ts";

/** The checks of one server. */
export interface CheckTask {
  /** The server's slot in the state table. */
  readonly slot: number;
  /** Breaks its check off. */
  readonly abort: AbortController;
  /** The server as it is now. */
  server: Server;
  /** What the checks so far come to. */
  health: Health;
  /** What this balancer's latest check found. */
  report: CheckReport | undefined;
  /** What the check that is under way comes to: nothing, if it is broken off. */
  running: Promise<CheckReport | undefined> | undefined;
  /** Whether somebody asked for the check that is under way, so that it counts in any case. */
  wanted: boolean;
  /** When the latest check began, in the clock's milliseconds. */
  lastStart: number;
  /** How many of its latest checks in a row could not be made, which says nothing of the server. */
  unmade: number;
  /** When the first of these was over, in the clock's milliseconds. */
  unmadeSince: number;
  /** Whether this balancer checks the server, and no other one does that for it. */
  isOwn: boolean;
  /** What another balancer has found, where that is what counts. */
  shared: RemoteResult | undefined;
  /** Calls the next check off. */
  cancelTimer: () => void;
}

/** The task of a server that was not checked yet. */
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

/** What counts as the latest result: another balancer's, where that is the one that checks. */
export function latestReport({ shared, report }: CheckTask): CheckReport | undefined {
  if (shared === undefined) return report;
  const { at, healthy, detail, by } = shared;
  return { at, passed: healthy, detail, duration: 0, by };
}
