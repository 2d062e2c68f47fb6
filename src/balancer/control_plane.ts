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
import type { CheckSharing } from "../health/check_sharing.ts";
import { ServerHealth } from "../health/server_health.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
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
  readonly #health: ServerHealth;
  readonly #startedAt: number;

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
      ejectedUntil: (url) => this.#health.ejector.report(url)?.until,
    });
    this.#health = new ServerHealth({
      ...{ registry: this.registry, table, clock, settings },
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
    const { traffic } = this.#parts;
    this.#health.startChecks({
      ...{ transport, check },
      onResult: ({ slot }, passed) => traffic.countCheck(slot, passed),
    });
  }

  /** Changes how servers are checked, from the next check on, which is at once. */
  setHealthCheck(check: HealthCheck): void {
    this.#health.checker?.change(check);
  }

  /** Lets other balancers check servers in this one's place, as far as the sharing says so. */
  shareChecks(sharing: CheckSharing): void {
    this.#health.checker?.share(sharing);
  }

  /**
   * Checks a server's health now.
   *
   * @param url Its URL, in any spelling.
   * @throws {BalancerError} `not_found`, also if the server is removed meanwhile.
   */
  async check(url: string): Promise<CheckReport> {
    const { server } = this.registry.get(url);
    return await this.#health.checker!.checkNow(server.url);
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
  get report(): (report: OutlierReport) => void {
    return this.#health.report;
  }

  /** Stops the checks, lets no server in or out any more, and tells of nothing any more. */
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

  #tell(event: RegistryEvent): void {
    const { type, entry: { server } } = event;
    const previous = event.type === "updated" ? { previous: event.previous } : {};
    this.events.add({ type, server, detail: undefined, ...previous });
  }
}
