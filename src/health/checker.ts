import { getLogger } from "@logtape/logtape";
import { knownAuthority } from "../model/discovery.ts";
import { type Entry, notFound, type Registry } from "../state/registry.ts";
import type { StateTable } from "../state/state_table.ts";
import type { Server } from "../model/server.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Transport } from "../upstream/transport.ts";
import type { CheckReport } from "../model/server_status.ts";
import type { CheckSharing } from "./check_sharing.ts";
import { type CheckTask, latestDetail, latestReport, newTask } from "./check_task.ts";
import { CheckTimes } from "./check_times.ts";
import { GuardedSharing } from "./guarded_sharing.ts";
import type { HealthCheck } from "../model/settings.ts";
import { LocalTrouble } from "./local_trouble.ts";
import { probe, type ProbeResult } from "./probe.ts";
import { type Health, nextHealth, UNCHECKED } from "./threshold.ts";

const logger = getLogger(["ballast", "health"]);

/** Options of a {@linkcode HealthChecker}. */
export interface CheckerOptions {
  /** The servers. */
  readonly registry: Registry;
  /** State table, which holds their health. */
  readonly table: StateTable;
  /** Transport to the servers. */
  readonly transport: Transport;
  /** Clock and timers. */
  readonly clock: Clock;
  /** The health check. */
  readonly check: HealthCheck;
  /** Called with the result of each check. Default: no callback. */
  readonly onResult?: (entry: Entry, passed: boolean) => void;
  /** Called when a server has become unhealthy or healthy again. Default: no callback. */
  readonly onChange?: (entry: Entry, healthy: boolean, detail: string | undefined) => void;
  /** Source of random numbers from 0 up to 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Active health checks: one abortable timer task for each server of the registry. A server that is
 * added is checked at once.
 */
export class HealthChecker implements Disposable {
  readonly #options: CheckerOptions;
  #healthCheck: HealthCheck;
  readonly #times: CheckTimes;
  readonly #localTrouble = new LocalTrouble();
  readonly #tasks = new Map<string, CheckTask>();
  readonly #unsubscribe: () => void;
  #sharing: CheckSharing | undefined;
  /** Number of checks in progress. */
  #running = 0;

  /** @param options The options. The checks begin at once. */
  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#healthCheck = options.check;
    this.#times = new CheckTimes(options.random ?? Math.random);
    this.#unsubscribe = options.registry.subscribe((event) => {
      const { type, entry } = event;
      const { url, healthCheckPeriod } = entry.server;
      if (type === "removed") this.#remove(url);
      else if (type === "updated") this.#update(entry.server);
      else this.#add(entry, this.#times.added(this.#running, healthCheckPeriod));
    });
    const entries = options.registry.entries();
    for (const [i, entry] of entries.entries()) {
      this.#add(entry, this.#times.first(i, entries.length, entry.server.healthCheckPeriod));
    }
  }

  /** Result of the latest check of a server; undefined before the first. */
  report(serverUrl: string): CheckReport | undefined {
    const task = this.#tasks.get(serverUrl);
    return task && latestReport(task);
  }

  /**
   * Shares the checks with other balancers from now on. The health of servers stays as it is until
   * there is a new result.
   */
  share(sharing: CheckSharing): void {
    const guarded = this.#sharing = new GuardedSharing(sharing);
    guarded.begin(this.#healthCheck, (urls) => this.#review(urls));
    const doubted: CheckTask[] = [];
    for (const task of this.#tasks.values()) {
      const { server, health: { healthy }, report } = task;
      if (report === undefined || server.healthCheckPeriod === 0) continue;
      const { detail } = report;
      if (guarded.onResult(server, { healthy, passed: healthy, detail })) doubted.push(task);
    }
    this.#review(this.#tasks.keys());
    for (const task of doubted) if (task.running === undefined) this.#repeat(task, 0);
  }

  /**
   * Checks a server now, even if its period is 0. The check counts like any other. If one is in
   * progress, waits for that one.
   *
   * @param serverUrl The server's URL in canonical form.
   * @returns The result of the check.
   * @throws {BalancerError} `not_found`, also if the server is removed meanwhile.
   */
  async checkNow(serverUrl: string): Promise<CheckReport> {
    const task = this.#tasks.get(serverUrl);
    if (task === undefined) throw notFound(serverUrl);
    task.wanted = true;
    task.cancelTimer();
    // Checks do not keep the process alive, but a caller that waits for one does.
    const release = this.#options.clock.hold();
    try {
      const report = await (task.running ?? this.#check(task));
      if (report === undefined) throw notFound(serverUrl);
      return report;
    } finally {
      release();
    }
  }

  /** Changes the health check, and checks all servers at once. Their health and counts stay. */
  change(check: HealthCheck): void {
    this.#healthCheck = check;
    this.#sharing?.changeCheck(check);
    const tasks = [...this.#tasks.values()]
      .filter(({ server, isOwn }) => isOwn && server.healthCheckPeriod > 0);
    for (const [i, task] of tasks.entries()) {
      // A check in progress ends by the old rule, and the next one is scheduled as usual.
      if (task.running !== undefined) continue;
      task.cancelTimer();
      const { healthCheckPeriod } = task.server;
      this.#checkAfter(task, this.#times.first(i, tasks.length, healthCheckPeriod));
    }
  }

  /** Aborts all checks, and starts no more. */
  [Symbol.dispose](): void {
    // Without it, other balancers would be notified that these servers need no more checks.
    this.#sharing = undefined;
    this.#unsubscribe();
    for (const url of [...this.#tasks.keys()]) this.#remove(url);
  }

  #add(entry: Entry, delay: number): void {
    const task = newTask(entry);
    const { url, healthCheckPeriod } = entry.server;
    this.#tasks.set(url, task);
    if (healthCheckPeriod === 0) return;
    this.#attend(task);
    if (task.isOwn) this.#checkAfter(task, delay);
  }

  /** Determines the owners of servers' checks again, and begins to check those of this balancer. */
  #review(urls: Iterable<string>): void {
    const taken: CheckTask[] = [];
    for (const url of urls) {
      const task = this.#tasks.get(url);
      if (task === undefined || task.server.healthCheckPeriod === 0) continue;
      const wasOwn = task.isOwn;
      this.#attend(task);
      // A check in progress schedules the next one itself.
      if (task.isOwn && !wasOwn && task.running === undefined) taken.push(task);
    }
    for (const task of taken) {
      const { healthCheckPeriod } = task.server;
      const now = this.#options.clock.now();
      this.#checkAfter(task, this.#times.takeover(taken.length, healthCheckPeriod, now));
    }
  }

  /** Determines the owner of a server's checks, and applies its result. */
  #attend(task: CheckTask): void {
    const owner = this.#sharing?.owner(task.server, task.isOwn) ?? "self";
    task.isOwn = owner === "self";
    if (owner === "self") return;
    task.cancelTimer();
    if (owner === "pending") return;
    task.shared = owner;
    this.#setHealth(task, { healthy: owner.healthy, streak: 0 });
  }

  #checkAfter(task: CheckTask, delay: number): void {
    if (delay === 0) this.#check(task);
    else task.cancelTimer = this.#options.clock.after(delay, () => this.#check(task));
  }

  #remove(serverUrl: string): void {
    const task = this.#tasks.get(serverUrl)!;
    this.#tasks.delete(serverUrl);
    task.cancelTimer();
    task.abort.abort();
    this.#sharing?.forget(serverUrl);
  }

  #update(server: Server): void {
    const task = this.#tasks.get(server.url)!;
    const previous = task.server.healthCheckPeriod;
    task.server = server;
    if (server.healthCheckPeriod === previous) return;
    task.cancelTimer();
    if (server.healthCheckPeriod === 0) {
      this.#sharing?.forget(server.url);
      task.isOwn = false;
      this.#setHealth(task, UNCHECKED);
      return;
    }
    this.#attend(task);
    if (task.isOwn && task.running === undefined) this.#schedule(task);
  }

  #check(task: CheckTask): Promise<CheckReport | undefined> {
    return task.running = this.#run(task);
  }

  async #run(task: CheckTask): Promise<CheckReport | undefined> {
    const { transport, clock } = this.#options;
    const check = this.#healthCheck;
    const { url, healthCheckPeriod } = task.server;
    const at = clock.date();
    task.lastStart = clock.now();
    this.#running++;
    const result = await probe(url, {
      transport,
      clock,
      check,
      authority: knownAuthority(task.server),
      timeout: Math.min(check.timeout, healthCheckPeriod || Infinity),
      signal: task.abort.signal,
    });
    this.#running--;
    task.running = undefined;
    const { wanted } = task;
    task.wanted = false;
    if (task.abort.signal.aborted) return undefined;
    const { passed, detail } = result;
    const report = { passed, detail, at, duration: clock.now() - task.lastStart };
    logger.debug("Checked {url}: {detail}", { url, detail });
    const counts = this.#localTrouble.counts(task, result, clock.now());
    if (counts) {
      task.report = report;
      this.#options.onResult?.(task, passed);
    }
    // The checks may have been turned off, or taken over, during this one.
    const enabled = task.server.healthCheckPeriod > 0;
    if (counts && (wanted || enabled && task.isOwn)) {
      task.shared = undefined;
      this.#setHealth(task, nextHealth(task.health, passed, check));
    }
    if (!enabled) return report;
    if (task.isOwn) this.#finish(task, result, counts);
    else if (wanted) this.#reviewLater(task);
    return report;
  }

  /** Reports a check to the other balancers, and schedules the next one. */
  #finish(task: CheckTask, { passed, detail, localReason }: ProbeResult, counts: boolean): void {
    const { server, health: { healthy } } = task;
    // A local reason must not affect the other balancers.
    if (localReason !== undefined) this.#sharing?.cannotCheck(server);
    else if (this.#sharing?.onResult(server, { healthy, passed, detail })) {
      return this.#repeat(task, 0);
    }
    if (counts) this.#schedule(task);
    else this.#repeat(task, task.unmade - 1);
  }

  /** A requested check counts until the owner has had time to see the same. */
  #reviewLater(task: CheckTask): void {
    const { url, healthCheckPeriod } = task.server;
    const wait = healthCheckPeriod * 1000;
    task.cancelTimer = this.#options.clock.after(wait, () => this.#review([url]));
  }

  #schedule(task: CheckTask): void {
    const { clock } = this.#options;
    const wait = this.#times.between(task.server.healthCheckPeriod);
    const elapsed = clock.now() - task.lastStart;
    task.cancelTimer = clock.after(Math.max(0, wait - elapsed), () => this.#check(task));
  }

  #repeat(task: CheckTask, count: number): void {
    task.cancelTimer();
    const wait = this.#times.repeat(count, task.server.healthCheckPeriod);
    task.cancelTimer = this.#options.clock.after(wait, () => this.#check(task));
  }

  #setHealth(task: CheckTask, health: Health): void {
    const before = task.health.healthy;
    task.health = health;
    this.#options.table.setHealthy(task.slot, health.healthy);
    if (before === health.healthy) return;
    const { server, slot } = task;
    const { url } = server;
    const detail = latestDetail(task);
    if (health.healthy) logger.info("{url} is healthy again: {detail}", { url, detail });
    else logger.warn("{url} is unhealthy: {detail}", { url, detail });
    this.#options.onChange?.({ server, slot }, health.healthy, detail);
  }
}
