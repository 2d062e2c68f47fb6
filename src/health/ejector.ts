import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { EjectionReport } from "../model/server_status.ts";
import type { Ejection } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";

const logger = getLogger(["ballast", "health"]);

/** Options of an {@linkcode Ejector}. */
export interface EjectorOptions {
  /** The servers. */
  readonly registry: Registry;
  /** State table, which holds the ejection state of each server. */
  readonly table: StateTable;
  /** Clock and timers. */
  readonly clock: Clock;
  /** How long servers stay ejected, and how many may be at once. */
  readonly ejection: Ejection;
  /** Called when a server returns to rotation. */
  readonly onReturn: (entry: Entry) => void;
  /** Called with each change of a server's ejection state and the reason. Default: no callback. */
  readonly onChange?: (
    type: "ejected" | "on_trial" | "returned",
    entry: Entry,
    detail: string | undefined,
  ) => void;
}

/** The latest ejection of one server. */
interface LatestEjection {
  /** Number of consecutive ejections, this one included. */
  readonly count: number;
  /** Reported ejection; undefined once the server has returned. */
  report: EjectionReport | undefined;
  /** Clock time when the server returned, in milliseconds. */
  endedAt: number;
  cancelTimer: () => void;
}

/**
 * Ejects servers that fail their requests (Envoy's outlier detection). After a time that grows with
 * each ejection, the server is probed with a single request, which decides whether it returns. The
 * share of ejected servers is limited: if every server fails, the cause is probably shared.
 */
export class Ejector implements Disposable {
  readonly #options: EjectorOptions;
  readonly #ejections = new Map<string, LatestEjection>();
  /** Clock time when each server was last kept because of the limit, in milliseconds. */
  readonly #keptAt = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #disposed = false;

  /** @param options The options. */
  constructor(options: EjectorOptions) {
    this.#options = options;
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "removed") this.#forget(event.entry.server.url);
    });
  }

  /** The reason for a server's ejection and its end; undefined while the server is active. */
  report(url: string): EjectionReport | undefined {
    return this.#ejections.get(url)?.report;
  }

  /**
   * Ejects a server, unless too many would be ejected.
   *
   * @param url The server. Removed and already ejected servers are ignored.
   * @param why The reason, for logs and reports.
   */
  eject(url: string, why: string): void {
    const { registry, table, clock, ejection } = this.#options;
    const entry = registry.find(url);
    // Requests in flight may still report failures after the ejector was disposed.
    if (this.#disposed || entry === undefined || table.ejectionState(entry.slot) === "ejected") {
      return;
    }
    // A server being probed already counts against the limit.
    if (!table.isProbing(entry.slot) && this.#exceedsMaxShare(entry, why)) return;
    const count = this.#consecutive(url) + 1;
    // Rounded to milliseconds: 3 × 0.1 is 0.30000000000000004.
    const seconds = Math.round(Math.min(ejection.backoff * count, ejection.maxBackoff) * 1000) /
      1000;
    const until = new Date(clock.date().getTime() + seconds * 1000);
    table.setEjectionState(entry.slot, "ejected");
    this.#ejections.set(url, {
      count,
      report: { why, until, onTrial: false },
      endedAt: Infinity,
      cancelTimer: clock.after(seconds * 1000, () => this.#probe(entry)),
    });
    logger.warn("Ejected {url} for {seconds} s: {why}", { url, seconds, why });
    this.#options.onChange?.("ejected", entry, `for ${seconds} s: ${why}`);
  }

  /**
   * Returns a server to rotation after its probing request succeeded.
   *
   * @param url The server. Servers that are not being probed are ignored.
   */
  reinstate(url: string): void {
    const { registry, table, clock, onReturn } = this.#options;
    const entry = registry.find(url);
    if (this.#disposed || entry === undefined || !table.isProbing(entry.slot)) return;
    const latest = this.#ejections.get(url)!;
    latest.report = undefined;
    latest.endedAt = clock.now();
    table.clearFailures(entry.slot, "connection");
    table.clearFailures(entry.slot, "response");
    table.setEjectionState(entry.slot, "active");
    logger.info("{url} returned to rotation", { url });
    onReturn(entry);
    this.#options.onChange?.("returned", entry, undefined);
  }

  /** Stops all ejections and returns; each server keeps its state. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe();
    for (const url of [...this.#ejections.keys()]) this.#forget(url);
  }

  #probe(entry: Entry): void {
    const { server: { url }, slot } = entry;
    const latest = this.#ejections.get(url)!;
    latest.report = { ...latest.report!, onTrial: true };
    this.#options.table.setEjectionState(slot, "probing");
    logger.info("Probing {url} with one request at a time", { url });
    this.#options.onChange?.("on_trial", entry, undefined);
  }

  /** Whether ejecting this server would exceed the limit; logs it if so. */
  #exceedsMaxShare(entry: Entry, why: string): boolean {
    const { clock, ejection } = this.#options;
    const { url } = entry.server;
    const now = clock.now();
    // A failing server that is the only one may be reported thousands of times a second: neither
    // scan all servers nor log each time.
    const last = this.#keptAt.get(url);
    if (last !== undefined && now - last < ejection.backoff * 1000) return true;
    if (this.#share(entry) <= ejection.maxShare) return false;
    this.#keptAt.set(url, now);
    logger.warn("Not ejecting {url}, as too many servers would be ejected: {why}", { url, why });
    return true;
  }

  /** Percentage of servers that would be ejected with this one, including those being probed. */
  #share({ slot }: Entry): number {
    const { registry, table } = this.#options;
    const entries = registry.entries();
    const ejected = entries.filter((other) =>
      other.slot === slot || table.ejectionState(other.slot) !== "active"
    );
    return ejected.length / entries.length * 100;
  }

  /** Number of consecutive ejections; 0 after being active for longer than the longest ejection. */
  #consecutive(url: string): number {
    const { clock, ejection } = this.#options;
    const latest = this.#ejections.get(url);
    if (latest === undefined) return 0;
    return clock.now() - latest.endedAt > ejection.maxBackoff * 1000 ? 0 : latest.count;
  }

  #forget(url: string): void {
    this.#ejections.get(url)?.cancelTimer();
    this.#ejections.delete(url);
    this.#keptAt.delete(url);
  }
}
