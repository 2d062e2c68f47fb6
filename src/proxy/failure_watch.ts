import type { BalancerError } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { Ejection } from "../model/settings.ts";
import type { FailureKind } from "../model/ejection_state.ts";
import type { StateTable } from "../state/state_table.ts";

/** What a thread has to say about a server, by its requests. */
export interface StandingReport {
  /** Whether it has failed too often to be trusted, or passed its trial. */
  readonly type: "failing" | "passed";
  /** The server's URL. */
  readonly url: string;
  /** What it did, for people. */
  readonly why: string;
}

/** What a {@linkcode FailureWatch} works with. */
export interface FailureWatchOptions {
  /** Where failures are counted. */
  readonly table: StateTable;
  /** How many are too many. */
  readonly ejection: Ejection;
  /** Takes what there is to say. */
  readonly report: (report: StandingReport) => void;
}

/**
 * Watches how the servers do with the requests they get (passive health checks): counts failures in
 * a row over all threads, and reports a server that has too many. What becomes of it, others decide.
 */
export class FailureWatch {
  readonly #table: StateTable;
  readonly #thresholds: Readonly<Record<FailureKind, number>>;
  readonly #report: (report: StandingReport) => void;

  /** @param options What to work with. */
  constructor({ table, ejection, report }: FailureWatchOptions) {
    this.#table = table;
    this.#thresholds = {
      connection: ejection.connectionFailures,
      response: ejection.failedResponses,
    };
    this.#report = report;
  }

  /** A server has answered. Any answer shows that it takes connections. */
  answered({ server, slot }: Entry, status: number): void {
    this.#table.clearFailures(slot, "connection");
    if (this.#thresholds.response > 0) {
      if (status >= 500) return this.#count({ server, slot }, "response", `HTTP ${status}`);
      this.#table.clearFailures(slot, "response");
    }
    if (!this.#table.isOnTrial(slot)) return;
    this.#report({ type: "passed", url: server.url, why: `HTTP ${status}` });
  }

  /** A request to a server has failed. */
  failed(entry: Entry, error: BalancerError): void {
    if (error.source !== "upstream") return;
    this.#count(entry, failureKind(error), error.message);
  }

  #count({ server: { url }, slot }: Entry, kind: FailureKind, last: string): void {
    if (this.#table.isOnTrial(slot)) {
      return this.#report({ type: "failing", url, why: `it failed its trial: ${last}` });
    }
    const threshold = this.#thresholds[kind];
    if (threshold === 0) return;
    const count = this.#table.countFailure(slot, kind);
    // Also twice as many and so on: it may not have been possible to do without the server before.
    if (count % threshold !== 0) return;
    const what = kind === "connection" ? "connections" : "responses";
    this.#report({ type: "failing", url, why: `${count} ${what} failed in a row: ${last}` });
  }
}

/** How a server failed a request that ended with this error. */
export function failureKind({ code }: BalancerError): FailureKind {
  return code === "connect_failed" || code === "connect_timeout" ? "connection" : "response";
}
