import type { BalancerError } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { Ejection } from "../model/settings.ts";
import type { FailureKind, OutlierReport } from "../model/ejection_state.ts";
import type { StateTable } from "../state/state_table.ts";

/** Options of a {@linkcode FailureWatch}. */
export interface FailureWatchOptions {
  /** State table, in which failures are counted. */
  readonly table: StateTable;
  /** Thresholds. */
  readonly ejection: Ejection;
  /** Receives the reports. */
  readonly report: (report: OutlierReport) => void;
}

/**
 * Passive health checks: counts consecutive failures of each server over all threads, and reports a
 * server that reaches a threshold. The control plane decides whether to eject it.
 */
export class FailureWatch {
  readonly #table: StateTable;
  readonly #thresholds: Readonly<Record<FailureKind, number>>;
  readonly #report: (report: OutlierReport) => void;

  /** @param options The options. */
  constructor({ table, ejection, report }: FailureWatchOptions) {
    this.#table = table;
    this.#thresholds = {
      connection: ejection.connectionFailures,
      response: ejection.failedResponses,
    };
    this.#report = report;
  }

  /** Counts a response. Any response shows that the server accepts connections. */
  answered({ server, slot }: Entry, status: number): void {
    this.#table.clearFailures(slot, "connection");
    if (this.#thresholds.response > 0) {
      if (status >= 500) return this.#count({ server, slot }, "response", `HTTP ${status}`);
      this.#table.clearFailures(slot, "response");
    }
    if (!this.#table.isProbing(slot)) return;
    this.#report({ type: "passed", url: server.url, why: `HTTP ${status}` });
  }

  /** Counts a failed attempt. */
  failed(entry: Entry, error: BalancerError): void {
    if (error.source !== "upstream") return;
    this.#count(entry, failureKind(error), error.message);
  }

  #count({ server: { url }, slot }: Entry, kind: FailureKind, last: string): void {
    if (this.#table.isProbing(slot)) {
      return this.#report({ type: "failing", url, why: `the probing request failed: ${last}` });
    }
    const threshold = this.#thresholds[kind];
    if (threshold === 0) return;
    const count = this.#table.countFailure(slot, kind);
    // Reported again at each multiple: the server may not have been ejected the first time.
    if (count % threshold !== 0) return;
    const failures = count === 1 ? `a ${kind} failed` : `${count} ${kind}s failed in a row`;
    this.#report({ type: "failing", url, why: `${failures}: ${last}` });
  }
}

/** The kind of failure that an error of an attempt is. */
export function failureKind({ code }: BalancerError): FailureKind {
  return code === "connect_failed" || code === "connect_timeout" ? "connection" : "response";
}
