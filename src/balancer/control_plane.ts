import type { Clock } from "../runtime/clock.ts";
import { DecisionLog } from "../state/decision_log.ts";
import { EventLog } from "../state/event_log.ts";
import type { Entry, RegistryEvent } from "../state/registry.ts";
import { Registry } from "../state/registry.ts";
import type { ServerInit, ServerKey } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { HealthCheck, Settings } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import type { TrafficTable } from "../state/traffic_table.ts";
import type { Traffic } from "../state/traffic.ts";
import type { CheckSharing } from "../health/check_sharing.ts";
import { ServerHealth } from "../health/server_health.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import type { Transport } from "../upstream/transport.ts";

/** Parts of a {@linkcode ControlPlane}. */
export interface ControlPlaneParts {
  /** State of the servers. */
  readonly table: StateTable;
  /** Counts checks and ejections. */
  readonly traffic: TrafficTable;
  /** Clock. */
  readonly clock: Clock;
  /** The initial servers, validated. */
  readonly servers: readonly ServerInit[];
  /** Whether an added server may take requests at once. */
  readonly opens: () => boolean;
  /** Settings of the balancer. */
  readonly settings: Settings;
}

/** Control plane of a balancer: owns the servers, their health checks, ejections and slow starts. */
export class ControlPlane implements Disposable {
  /** The servers. */
  readonly registry: Registry;
  /** Log of what happens to them. */
  readonly events: EventLog;
  /** Log of recent routing decisions. */
  readonly decisions: DecisionLog;
  readonly #parts: ControlPlaneParts;
  readonly #health: ServerHealth;
  readonly #startedAt: number;

  /**
   * @param parts The parts.
   * @throws {BalancerError} `already_exists`, `full` or `not_permitted`.
   */
  constructor(parts: ControlPlaneParts) {
    const { table, clock, traffic, settings } = parts;
    this.#parts = parts;
    this.#startedAt = clock.now();
    this.registry = new Registry(table, parts.opens, checkPermitted);
    this.registry.addAll(parts.servers);
    this.events = new EventLog(() => clock.date());
    this.registry.subscribe((event) => this.#log(event));
    this.decisions = new DecisionLog({
      keep: settings.decisions,
      ejectedUntil: (url) => this.#health.ejector.report(url)?.until,
    });
    this.#health = new ServerHealth({
      ...{ registry: this.registry, table, clock, settings },
      onChange: (type, { server, slot }, detail) => {
        if (type === "ejected") traffic.count(slot, "ejections");
        this.events.add({ type, server, detail });
      },
    });
  }

  /**
   * Starts the health checks.
   *
   * @param check Their settings.
   * @param transport Sends their requests.
   */
  startChecks(check: HealthCheck, transport: Transport): void {
    const { traffic } = this.#parts;
    this.#health.startChecks({
      ...{ transport, check },
      onResult: ({ slot }, passed) => traffic.countCheck(slot, passed),
    });
  }

  /** Changes the settings of health checks, and immediately checks every server. */
  setHealthCheck(check: HealthCheck): void {
    this.#health.checker?.change(check);
  }

  /** Shares health checks with other balancers: those assigned to others are no longer done here. */
  shareChecks(sharing: CheckSharing): void {
    this.#health.checker?.share(sharing);
  }

  /**
   * Checks a server's health now.
   *
   * @param url Its URL, in any spelling.
   * @throws {BalancerError} `not_found`, also if the server is removed in the meantime.
   */
  async check(url: string): Promise<CheckReport> {
    const { server } = this.registry.get(url);
    return await this.#health.checker!.checkNow(server.url);
  }

  /** The servers and their state, in the order in which they were added. */
  servers(): ServerStatus[] {
    return this.registry.entries().map((entry) => this.#status(entry));
  }

  /** The servers with this key, and their state. */
  find({ url, name }: ServerKey): ServerStatus[] {
    if (name !== undefined) return this.registry.named(name).map((entry) => this.#status(entry));
    const entry = this.registry.find(url);
    return entry === undefined ? [] : [this.#status(entry)];
  }

  /**
   * Traffic since the balancer started.
   *
   * @param countsRequests Whether requests are counted.
   */
  traffic(countsRequests: boolean): Traffic {
    const { table, traffic, clock } = this.#parts;
    const entries = this.registry.entries();
    const snapshot = traffic.snapshot(table.end);
    let servers: Traffic["servers"] | undefined;
    return {
      // Thousands of objects, which many callers do not read.
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

  /** Acts on a thread's report on a server. */
  get report(): (report: OutlierReport) => void {
    return this.#health.report;
  }

  /** Stops health checks, ejections, slow starts and events. */
  [Symbol.dispose](): void {
    this.#health[Symbol.dispose]();
    this.events.close();
  }

  #status({ server, slot }: Entry): ServerStatus {
    const { table } = this.#parts;
    return {
      ...server,
      healthy: table.isHealthy(slot),
      active: table.active(slot),
      ejection: this.#health.ejector.report(server.url),
      lastCheck: this.#health.checker?.report(server.url),
    };
  }

  #log(event: RegistryEvent): void {
    const { type, entry: { server } } = event;
    const previous = event.type === "updated" ? { previous: event.previous } : {};
    this.events.add({ type, server, detail: undefined, ...previous });
  }
}
