import type { Clock } from "../runtime/clock.ts";
import { DecisionLog } from "../state/decision_log.ts";
import { EventLog } from "../state/event_log.ts";
import type { Entry, RegistryEvent } from "../state/registry.ts";
import { Registry } from "../state/registry.ts";
import type { ServerInit, ServerKey } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { HealthCheck, Settings } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import type { Traffic, TrafficTable } from "../state/traffic_table.ts";
import { HealthChecker } from "../health/checker.ts";
import type { CheckSharing } from "../health/check_sharing.ts";
import { Ejector } from "../health/ejector.ts";
import { SlowStart } from "../health/slow_start.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import type { OutlierReport } from "../proxy/failure_watch.ts";
import type { Transport } from "../upstream/transport.ts";

/** What a {@linkcode ControlPlane} works with. */
export interface ControlPlaneParts {
  /** The servers' state. */
  readonly table: StateTable;
  /** Where checks and ejections are counted. */
  readonly traffic: TrafficTable;
  /** The time and the timers. */
  readonly clock: Clock;
  /** The first servers, checked. */
  readonly servers: readonly ServerInit[];
  /** Whether a server that is added may take requests at once. */
  readonly opens: () => boolean;
  /** Settings of the balancer. */
  readonly settings: Settings;
}

/** What owns the servers and decides how each of them counts: one for each balancer. */
export class ControlPlane implements Disposable {
  /** The servers. */
  readonly registry: Registry;
  /** What has happened to them. */
  readonly events: EventLog;
  /** Why the latest requests went where they went. */
  readonly decisions: DecisionLog;
  readonly #parts: ControlPlaneParts;
  readonly #slowStart: SlowStart;
  readonly #ejector: Ejector;
  readonly #startedAt: number;
  #checker: HealthChecker | undefined;

  /**
   * @param parts What to work with.
   * @throws {BalancerError} `already_exists`, `full` or `not_permitted`.
   */
  constructor(parts: ControlPlaneParts) {
    const { table, clock, traffic, settings } = parts;
    this.#parts = parts;
    this.#startedAt = clock.now();
    this.registry = new Registry(table, parts.opens, checkPermitted);
    this.registry.addAll(parts.servers);
    this.events = new EventLog(() => clock.date());
    this.registry.subscribe((event) => this.#tell(event));
    this.decisions = new DecisionLog({
      keep: settings.decisions,
      ejectedUntil: (url) => this.#ejector.report(url)?.until,
    });
    const common = { registry: this.registry, table, clock };
    this.#slowStart = new SlowStart({ ...common, duration: settings.slowStart });
    this.#ejector = new Ejector({
      ...common,
      ejection: settings.ejection,
      onReturn: (entry) => this.#slowStart.begin(entry),
      onChange: (type, { server, slot }, detail) => {
        if (type === "ejected") traffic.countEjection(slot);
        this.events.add({ type, server, detail });
      },
    });
  }

  /**
   * Begins to check the servers' health.
   *
   * @param check What to ask for, and what passes.
   * @param transport What moves the requests.
   */
  startChecks(check: HealthCheck, transport: Transport): void {
    const { table, clock, traffic } = this.#parts;
    this.#checker = new HealthChecker({
      registry: this.registry,
      table,
      clock,
      transport,
      check,
      onResult: ({ slot }, passed) => traffic.countCheck(slot, passed),
      onChange: ({ server, slot }, healthy, detail) => {
        if (healthy) this.#slowStart.begin({ server, slot });
        this.events.add({ type: healthy ? "healthy" : "unhealthy", server, detail });
      },
    });
  }

  /** Changes how servers are checked, from the next check on, which is at once. */
  setHealthCheck(check: HealthCheck): void {
    this.#checker?.change(check);
  }

  /** Lets other balancers check servers in this one's place, as far as the sharing says so. */
  shareChecks(sharing: CheckSharing): void {
    this.#checker?.share(sharing);
  }

  /**
   * Checks a server's health now.
   *
   * @param url Its URL, in any spelling.
   * @throws {BalancerError} `not_found`, also if the server is removed meanwhile.
   */
  async check(url: string): Promise<CheckReport> {
    const { server } = this.registry.get(url);
    return await this.#checker!.checkNow(server.url);
  }

  /** The servers, in the order in which they were added, with how they are doing. */
  servers(): ServerStatus[] {
    return this.registry.entries().map((entry) => this.#status(entry));
  }

  /** The servers that a key is for, with how they are doing. */
  find({ url, name }: ServerKey): ServerStatus[] {
    if (name !== undefined) return this.registry.named(name).map((entry) => this.#status(entry));
    const entry = this.registry.find(url);
    return entry === undefined ? [] : [this.#status(entry)];
  }

  /**
   * What was counted since the beginning.
   *
   * @param countsRequests Whether requests are counted.
   */
  traffic(countsRequests: boolean): Traffic {
    const { table, traffic, clock } = this.#parts;
    const entries = this.registry.entries();
    const snapshot = traffic.snapshot(table.end);
    let servers: Traffic["servers"] | undefined;
    return {
      // Thousands of objects, which only some of those who ask look at.
      get servers() {
        return servers ??= entries.map(({ server, slot }) =>
          Object.assign(snapshot.server(slot), { server })
        );
      },
      total: snapshot.total,
      overall: traffic.overall(),
      countsRequests,
      uptime: (clock.now() - this.#startedAt) / 1000,
    };
  }

  /** Acts by what a thread has to say about a server. */
  readonly report = ({ type, url, why }: OutlierReport): void => {
    if (type === "failing") this.#ejector.eject(url, why);
    else this.#ejector.reinstate(url);
  };

  /** Stops the checks, lets no server in or out any more, and tells of nothing any more. */
  [Symbol.dispose](): void {
    for (const part of [this.#checker, this.#ejector, this.#slowStart]) part?.[Symbol.dispose]();
    this.events.close();
  }

  #status({ server, slot }: Entry): ServerStatus {
    const { table } = this.#parts;
    return {
      ...server,
      healthy: table.isHealthy(slot),
      active: table.active(slot),
      ejection: this.#ejector.report(server.url),
      lastCheck: this.#checker?.report(server.url),
    };
  }

  #tell(event: RegistryEvent): void {
    const { type, entry: { server } } = event;
    const previous = event.type === "updated" ? { previous: event.previous } : {};
    this.events.add({ type, server, detail: undefined, ...previous });
  }
}
