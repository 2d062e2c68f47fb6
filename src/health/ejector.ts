import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { EjectionReport } from "../model/server_status.ts";
import type { Ejection } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";

const logger = getLogger(["ballast", "health"]);

/** What an {@linkcode Ejector} works with. */
export interface EjectorOptions {
  /** The servers. */
  readonly registry: Registry;
  /** Where it is written which of them are out. */
  readonly table: StateTable;
  /** The time and the timers. */
  readonly clock: Clock;
  /** For how long, and how many at once. */
  readonly ejection: Ejection;
  /** Called when a server is in again. */
  readonly onReturn: (entry: Entry) => void;
  /** Called when a server is out, on trial or in again, with why. Default: nothing. */
  readonly onChange?: (
    type: "ejected" | "on_trial" | "returned",
    entry: Entry,
    detail: string | undefined,
  ) => void;
}

interface Outing {
  /** Its number in a row, from 1. */
  readonly count: number;
  /** What the server is told to be, for people; undefined once it is in again. */
  report: EjectionReport | undefined;
  /** When the server was in again, in the clock's milliseconds. */
  endedAt: number;
  cancelTimer: () => void;
}

/**
 * Takes servers out that fail the requests they get (outlier detection, as Envoy calls it), and lets
 * them in again: after a while that grows with each ejection, a server is on trial, and one request
 * decides. There is a limit to how many can be out, as a fault that all of them have is none of
 * theirs.
 */
export class Ejector implements Disposable {
  readonly #options: EjectorOptions;
  readonly #outings = new Map<string, Outing>();
  /** When it was last found that a server cannot be done without, in the clock's milliseconds. */
  readonly #spared = new Map<string, number>();
  readonly #unsubscribe: () => void;
  #disposed = false;

  /** @param options What to work with. */
  constructor(options: EjectorOptions) {
    this.#options = options;
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "removed") this.#forget(event.entry.server.url);
    });
  }

  /** Why a server is out, and until when; undefined if it is in. */
  report(url: string): EjectionReport | undefined {
    return this.#outings.get(url)?.report;
  }

  /**
   * A server has failed too often.
   *
   * @param url The server. Nothing happens if it is not there any more, or out already.
   * @param why What it did, for people.
   */
  eject(url: string, why: string): void {
    const { registry, table, clock, ejection } = this.#options;
    const entry = registry.find(url);
    // Requests that are under way when all ends still have their say.
    if (this.#disposed || entry === undefined || table.standing(entry.slot) === "ejected") return;
    // One that is on trial is among those that are out already.
    if (!table.isOnTrial(entry.slot) && this.#mustSpare(entry, why)) return;
    const count = this.#countInRow(url) + 1;
    // To the millisecond: three times 0.1 is 0.30000000000000004.
    const seconds = Math.round(Math.min(ejection.backoff * count, ejection.maxBackoff) * 1000) /
      1000;
    const until = new Date(clock.date().getTime() + seconds * 1000);
    table.setStanding(entry.slot, "ejected");
    this.#outings.set(url, {
      count,
      report: { why, until, onTrial: false },
      endedAt: Infinity,
      cancelTimer: clock.after(seconds * 1000, () => this.#tryAgain(entry)),
    });
    logger.warn("{url} is ejected for {seconds} s: {why}", { url, seconds, why });
    this.#options.onChange?.("ejected", entry, `for ${seconds} s: ${why}`);
  }

  /**
   * A server has done well with the request by which it was tried.
   *
   * @param url The server. Nothing happens if it is not on trial.
   */
  acquit(url: string): void {
    const { registry, table, clock, onReturn } = this.#options;
    const entry = registry.find(url);
    if (this.#disposed || entry === undefined || !table.isOnTrial(entry.slot)) return;
    const outing = this.#outings.get(url)!;
    outing.report = undefined;
    outing.endedAt = clock.now();
    table.clearFailures(entry.slot, "connection");
    table.clearFailures(entry.slot, "response");
    table.setStanding(entry.slot, "active");
    logger.info("{url} is in again", { url });
    onReturn(entry);
    this.#options.onChange?.("returned", entry, undefined);
  }

  /** Lets no server in or out any more. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#unsubscribe();
    for (const url of [...this.#outings.keys()]) this.#forget(url);
  }

  #tryAgain(entry: Entry): void {
    const { server: { url }, slot } = entry;
    const outing = this.#outings.get(url)!;
    outing.report = { ...outing.report!, onTrial: true };
    this.#options.table.setStanding(slot, "probing");
    logger.info("{url} is tried again with one request at a time", { url });
    this.#options.onChange?.("on_trial", entry, undefined);
  }

  /** Whether too many servers would be out with this one. */
  #mustSpare(entry: Entry, why: string): boolean {
    const { clock, ejection } = this.#options;
    const { url } = entry.server;
    const now = clock.now();
    // A server that goes on failing is reported again and again, thousands of times a second where
    // there is no other: that must not become as many looks at every server and lines in the log.
    const last = this.#spared.get(url);
    if (last !== undefined && now - last < ejection.backoff * 1000) return true;
    if (this.#share(entry) <= ejection.maxShare) return false;
    this.#spared.set(url, now);
    logger.warn("{url} is not ejected, as too many servers would be: {why}", { url, why });
    return true;
  }

  /** How many in a hundred of the servers would be out with this one, those on trial included. */
  #share({ slot }: Entry): number {
    const { registry, table } = this.#options;
    const entries = registry.entries();
    const out = entries.filter((other) =>
      other.slot === slot || table.standing(other.slot) !== "active"
    );
    return out.length / entries.length * 100;
  }

  /** A server that was in for longer than it can be out begins anew. */
  #countInRow(url: string): number {
    const { clock, ejection } = this.#options;
    const outing = this.#outings.get(url);
    if (outing === undefined) return 0;
    return clock.now() - outing.endedAt > ejection.maxBackoff * 1000 ? 0 : outing.count;
  }

  #forget(url: string): void {
    this.#outings.get(url)?.cancelTimer();
    this.#outings.delete(url);
    this.#spared.delete(url);
  }
}
