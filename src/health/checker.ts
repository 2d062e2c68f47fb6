import { getLogger } from "@logtape/logtape";
import type { Clock } from "../core/clock.ts";
import { knownAuthority } from "../core/discovery.ts";
import { type Entry, notFound, type Registry } from "../core/registry.ts";
import type { Server } from "../core/server.ts";
import type { CheckReport } from "../core/server_status.ts";
import type { StateTable } from "../core/state_table.ts";
import type { Transport } from "../transport/transport.ts";
import type { HealthCheck } from "./health_check.ts";
import { probe, type ProbeResult } from "./probe.ts";
import { type Health, nextHealth, UNCHECKED } from "./threshold.ts";

const logger = getLogger(["ballast", "health"]);

/**
 * A wait between two checks is between this share of the period and the whole period, so that
 * servers which were added together are soon not checked together; it is never longer, so that a
 * failure is seen within the period.
 */
const SHORTEST_WAIT = 0.8;

/** How many servers may be checked in the same moment at the start. */
const AT_ONCE_MAX = 100;

/** What a {@linkcode HealthChecker} works with. */
export interface CheckerOptions {
  /** The servers to check. */
  readonly registry: Registry;
  /** Where their health is written. */
  readonly table: StateTable;
  /** What moves the requests. */
  readonly transport: Transport;
  /** The time and the timers. */
  readonly clock: Clock;
  /** What to ask for, and what passes. */
  readonly check: HealthCheck;
  /** Called with what each check of a server came to. Default: nothing. */
  readonly onResult?: (entry: Entry, passed: boolean) => void;
  /** Called when a server has become unhealthy, or healthy again. Default: nothing. */
  readonly onChange?: (entry: Entry, healthy: boolean, detail: string | undefined) => void;
  /** A number from 0 up to 1 that spreads the checks. Default: `Math.random`. */
  readonly random?: () => number;
}

interface Task {
  readonly slot: number;
  readonly abort: AbortController;
  server: Server;
  health: Health;
  report: CheckReport | undefined;
  /** What the check that is under way comes to: nothing, if it is broken off. */
  running: Promise<CheckReport | undefined> | undefined;
  /** Whether somebody asked for the check that is under way, so that it counts in any case. */
  wanted: boolean;
  lastStart: number;
  cancelTimer: () => void;
}

/**
 * Checks every server's health: one abortable timer task a server, in a map keyed by the server's
 * URL, that follows the registry. A server that is added is checked at once.
 */
export class HealthChecker implements Disposable {
  readonly #options: CheckerOptions;
  #healthCheck: HealthCheck;
  readonly #random: () => number;
  readonly #tasks = new Map<string, Task>();
  readonly #unsubscribe: () => void;

  /** @param options What to work with. The checks begin at once. */
  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#healthCheck = options.check;
    this.#random = options.random ?? Math.random;
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "added") this.#add(event.entry);
      else if (event.type === "removed") this.#remove(event.entry.server.url);
      else this.#update(event.entry.server);
    });
    this.#addFirst(options.registry.entries());
  }

  /** What the latest finished check of a server found; undefined before the first. */
  report(serverUrl: string): CheckReport | undefined {
    return this.#tasks.get(serverUrl)?.report;
  }

  /**
   * Checks a server now, also where its period is 0; its health and the count of checks follow as
   * from any other check. A check that is under way is joined.
   *
   * @param serverUrl The server's URL in canonical form.
   * @returns What the check found.
   * @throws {BalancerError} `not_found`, also if the server is removed meanwhile.
   */
  async checkNow(serverUrl: string): Promise<CheckReport> {
    const task = this.#tasks.get(serverUrl);
    if (task === undefined) throw notFound(serverUrl);
    task.wanted = true;
    task.cancelTimer();
    const report = await (task.running ?? this.#check(task));
    if (report === undefined) throw notFound(serverUrl);
    return report;
  }

  /** Checks by another rule from now on, and everything once at once. Health and counts stay. */
  change(check: HealthCheck): void {
    this.#healthCheck = check;
    const tasks = [...this.#tasks.values()].filter(({ server }) => server.healthCheckPeriod > 0);
    for (const [i, task] of tasks.entries()) {
      // One that is under way goes by the old rule; the next one comes as usual.
      if (task.running !== undefined) continue;
      task.cancelTimer();
      this.#checkAfter(task, this.#delay(i, tasks.length, task.server));
    }
  }

  /** Breaks every check off and starts none any more. */
  [Symbol.dispose](): void {
    this.#unsubscribe();
    for (const url of [...this.#tasks.keys()]) this.#remove(url);
  }

  /**
   * Adds the servers that are there at the start. Where they are many, their first checks are spread
   * evenly over the time between two checks, as HAProxy has it (`start_check_task`).
   */
  #addFirst(entries: readonly Entry[]): void {
    for (const [i, entry] of entries.entries()) {
      this.#add(entry, this.#delay(i, entries.length, entry.server));
    }
  }

  /** How long the i-th of so many servers that are to be checked waits, in milliseconds. */
  #delay(i: number, count: number, { healthCheckPeriod }: Server): number {
    const spread = count > AT_ONCE_MAX ? (SHORTEST_WAIT + 1) / 2 : 0;
    return healthCheckPeriod * 1000 * spread * i / count;
  }

  #add({ server, slot }: Entry, delay = 0): void {
    const task: Task = {
      slot,
      abort: new AbortController(),
      server,
      health: UNCHECKED,
      report: undefined,
      running: undefined,
      wanted: false,
      lastStart: -Infinity,
      cancelTimer: () => {},
    };
    this.#tasks.set(server.url, task);
    if (server.healthCheckPeriod === 0) return;
    this.#checkAfter(task, delay);
  }

  #checkAfter(task: Task, delay: number): void {
    if (delay === 0) this.#check(task);
    else task.cancelTimer = this.#options.clock.after(delay, () => this.#check(task));
  }

  #remove(serverUrl: string): void {
    const task = this.#tasks.get(serverUrl)!;
    this.#tasks.delete(serverUrl);
    task.cancelTimer();
    task.abort.abort();
  }

  #update(server: Server): void {
    const task = this.#tasks.get(server.url)!;
    const previous = task.server.healthCheckPeriod;
    task.server = server;
    if (server.healthCheckPeriod === previous) return;
    task.cancelTimer();
    if (server.healthCheckPeriod === 0) this.#setHealth(task, UNCHECKED);
    else if (task.running === undefined) this.#schedule(task);
  }

  #check(task: Task): Promise<CheckReport | undefined> {
    return task.running = this.#run(task);
  }

  async #run(task: Task): Promise<CheckReport | undefined> {
    const { transport, clock } = this.#options;
    const check = this.#healthCheck;
    const { url, healthCheckPeriod } = task.server;
    const at = clock.date();
    task.lastStart = clock.now();
    const result = await this.#probe(url, {
      transport,
      clock,
      check,
      authority: knownAuthority(task.server),
      timeout: Math.min(check.timeout, healthCheckPeriod || Infinity),
      signal: task.abort.signal,
    });
    task.running = undefined;
    const { wanted } = task;
    task.wanted = false;
    if (task.abort.signal.aborted) return undefined;
    const report = task.report = { ...result, at, duration: clock.now() - task.lastStart };
    this.#options.onResult?.(task, result.passed);
    logger.debug("Checked {url}: {detail}", { url, detail: result.detail });
    // The checks may have been turned off while this one was under way.
    const turnedOff = task.server.healthCheckPeriod === 0;
    if (wanted || !turnedOff) {
      this.#setHealth(task, nextHealth(task.health, result.passed, check));
    }
    if (!turnedOff) this.#schedule(task);
    return report;
  }

  /** A check whose failure is a defect of ours must not end the checks of a server. */
  async #probe(url: string, options: Parameters<typeof probe>[1]): Promise<ProbeResult> {
    try {
      return await probe(url, options);
    } catch (error) {
      logger.error("Cannot check {url}: {error}", { url, error });
      return { passed: false, detail: String(error) };
    }
  }

  #schedule(task: Task): void {
    const { clock } = this.#options;
    const share = SHORTEST_WAIT + (1 - SHORTEST_WAIT) * this.#random();
    const wait = task.server.healthCheckPeriod * 1000 * share;
    const elapsed = clock.now() - task.lastStart;
    task.cancelTimer = clock.after(Math.max(0, wait - elapsed), () => this.#check(task));
  }

  #setHealth(task: Task, health: Health): void {
    const before = task.health.healthy;
    task.health = health;
    this.#options.table.setHealthy(task.slot, health.healthy);
    if (before === health.healthy) return;
    const { server, slot } = task;
    const { url } = server;
    const detail = task.report?.detail;
    if (health.healthy) logger.info("{url} is healthy again: {detail}", { url, detail });
    else logger.warn("{url} is unhealthy: {detail}", { url, detail });
    this.#options.onChange?.({ server, slot }, health.healthy, detail);
  }
}
