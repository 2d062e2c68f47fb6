import { getLogger } from "@logtape/logtape";
import { knownAuthority } from "../model/discovery.ts";
import { errorText } from "../model/error_text.ts";
import { type Entry, notFound } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import type { CheckReport } from "../model/server_status.ts";
import type { CheckSharing } from "./check_sharing.ts";
import { type CheckTask, latestReport, newTask } from "./check_task.ts";
import { CheckTimes } from "./check_times.ts";
import type { CheckerOptions } from "./checker_options.ts";
import { GuardedSharing } from "./guarded_sharing.ts";
import type { HealthCheck } from "./health_check.ts";
import { LocalTrouble } from "./local_trouble.ts";
import { probe, type ProbeResult } from "./probe.ts";
import { type Health, nextHealth, UNCHECKED } from "./threshold.ts";

const logger = getLogger(["ballast", "health"]);

/**
 * Checks every server's health: one abortable timer task a server, in a map keyed by the server's
 * URL, that follows the registry. A server that is added is checked at once.
 */
export class HealthChecker implements Disposable {
  readonly #options: CheckerOptions;
  #healthCheck: HealthCheck;
  readonly #times: CheckTimes;
  readonly #localTrouble = new LocalTrouble();
  readonly #tasks = new Map<string, CheckTask>();
  readonly #unsubscribe: () => void;
  #sharing: CheckSharing | undefined;
  /** How many checks are under way. */
  #underWay = 0;

  /** @param options What to work with. The checks begin at once. */
  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#healthCheck = options.check;
    this.#times = new CheckTimes(options.random ?? Math.random);
    this.#unsubscribe = options.registry.subscribe((event) => {
      if (event.type === "added") this.#addLater(event.entry);
      else if (event.type === "removed") this.#remove(event.entry.server.url);
      else this.#update(event.entry.server);
    });
    this.#addFirst(options.registry.entries());
  }

  /** What the latest finished check of a server found; undefined before the first. */
  report(serverUrl: string): CheckReport | undefined {
    const task = this.#tasks.get(serverUrl);
    return task && latestReport(task);
  }

  /**
   * Lets other balancers check servers in this one's place from now on, as far as the sharing says
   * so. Health stays what it is until there is another result.
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
    // A check alone does not keep the process alive, but somebody who waits for it does.
    const release = this.#options.clock.hold();
    try {
      const report = await (task.running ?? this.#check(task));
      if (report === undefined) throw notFound(serverUrl);
      return report;
    } finally {
      release();
    }
  }

  /** Checks by another rule from now on, and everything once at once. Health and counts stay. */
  change(check: HealthCheck): void {
    this.#healthCheck = check;
    this.#sharing?.changeCheck(check);
    const tasks = [...this.#tasks.values()]
      .filter(({ server, isOwn }) => isOwn && server.healthCheckPeriod > 0);
    for (const [i, task] of tasks.entries()) {
      // One that is under way goes by the old rule; the next one comes as usual.
      if (task.running !== undefined) continue;
      task.cancelTimer();
      const { healthCheckPeriod } = task.server;
      this.#checkAfter(task, this.#times.first(i, tasks.length, healthCheckPeriod));
    }
  }

  /** Breaks every check off and starts none any more. */
  [Symbol.dispose](): void {
    // Other balancers are not to hear that nothing speaks against these servers any more.
    this.#sharing = undefined;
    this.#unsubscribe();
    for (const url of [...this.#tasks.keys()]) this.#remove(url);
  }

  #addFirst(entries: readonly Entry[]): void {
    for (const [i, entry] of entries.entries()) {
      this.#add(entry, this.#times.first(i, entries.length, entry.server.healthCheckPeriod));
    }
  }

  #addLater(entry: Entry): void {
    this.#add(entry, this.#times.added(this.#underWay, entry.server.healthCheckPeriod));
  }

  #add(entry: Entry, delay: number): void {
    const task = newTask(entry);
    const { url, healthCheckPeriod } = entry.server;
    this.#tasks.set(url, task);
    if (healthCheckPeriod === 0) return;
    this.#attend(task);
    if (task.isOwn) this.#checkAfter(task, delay);
  }

  /** Looks again at who is to check these servers, and begins with those that are this balancer's. */
  #review(urls: Iterable<string>): void {
    const taken: CheckTask[] = [];
    for (const url of urls) {
      const task = this.#tasks.get(url);
      if (task === undefined || task.server.healthCheckPeriod === 0) continue;
      const wasOwn = task.isOwn;
      this.#attend(task);
      // A check that is under way goes on to the next one by itself.
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
    const { passed, detail } = result;
    const report = { passed, detail, at, duration: clock.now() - task.lastStart };
    logger.debug("Checked {url}: {detail}", { url, detail });
    const counts = this.#localTrouble.counts(task, result, clock.now());
    if (counts) {
      task.report = report;
      this.#options.onResult?.(task, passed);
    }
    // The checks may have been turned off, or left to another, while this one was under way.
    const goesOn = task.server.healthCheckPeriod > 0;
    if (counts && (wanted || goesOn && task.isOwn)) {
      task.shared = undefined;
      this.#setHealth(task, nextHealth(task.health, passed, check));
    }
    if (!goesOn) return report;
    if (task.isOwn) this.#goOn(task, result, counts);
    else if (wanted) this.#reviewLater(task);
    return report;
  }

  /** Tells the other balancers of a check, and says when the next one is. */
  #goOn(task: CheckTask, { passed, detail, localReason }: ProbeResult, counts: boolean): void {
    const { server, health: { healthy } } = task;
    // That this balancer has no way to a server is none of the others' business.
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
    task.cancelTimer = this.#options.clock.after(
      healthCheckPeriod * 1000,
      () => this.#review([url]),
    );
  }

  /** A check whose failure is a defect of ours must not end the checks of a server. */
  async #probe(url: string, options: Parameters<typeof probe>[1]): Promise<ProbeResult> {
    this.#underWay++;
    try {
      return await probe(url, options);
    } catch (error) {
      logger.error("Cannot check {url}: {error}", { url, error });
      return { passed: false, detail: errorText(error) };
    } finally {
      this.#underWay--;
    }
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
    const report = latestReport(task);
    const detail = report?.by === undefined
      ? report?.detail
      : `${report.detail} (checked by ${report.by})`;
    if (health.healthy) logger.info("{url} is healthy again: {detail}", { url, detail });
    else logger.warn("{url} is unhealthy: {detail}", { url, detail });
    this.#options.onChange?.({ server, slot }, health.healthy, detail);
  }
}
