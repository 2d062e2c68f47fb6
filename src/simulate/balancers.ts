import type { PolicyName } from "../model/settings.ts";
import { type HealthChange, ServerHealth } from "../health/server_health.ts";
import { hashText } from "../model/hash_text.ts";
import { makePolicy } from "../policies/make_policy.ts";
import { Registry } from "../state/registry.ts";
import { StateTable } from "../state/state_table.ts";
import { clientAddresses, Clients } from "./clients.ts";
import type { Measurements } from "./measurements.ts";
import type { SimulationPlan } from "./plan.ts";
import { Probes } from "./probes.ts";
import type { RandomStreams } from "./random.ts";
import type { Requests } from "./requests.ts";
import type { RowDeadlines } from "./row_deadlines.ts";
import { SimulatedBalancer } from "./simulated_balancer.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import type { SimulatedServers } from "./simulated_servers.ts";
import type { Fault } from "./workload.ts";

/** Faults that fail a health check. A check of a slow server passes. */
const DETECTED: readonly Fault[] = ["down", "hang", "errors"];

/** Options of {@linkcode Balancers}. */
export interface BalancersOptions {
  /** The plan. */
  readonly plan: SimulationPlan;
  /** Policy of all balancers. */
  readonly policy: PolicyName;
  /** Sources of random numbers. */
  readonly streams: RandomStreams;
  /** Simulated time. */
  readonly clock: SimulatedClock;
  /** Requests in flight. */
  readonly requests: Requests;
  /** Timeouts of the requests that wait for a server. */
  readonly queueTimeouts: RowDeadlines;
  /** The servers. */
  readonly servers: SimulatedServers;
  /** Statistics of the run. */
  readonly measurements: Measurements;
}

/**
 * The balancers. They have the same servers in the same slots. Each has a state table of its own, as
 * it knows only its own requests and its own view of the servers' health.
 */
export class Balancers {
  readonly #probes: Probes | undefined;
  readonly #numberFor: Int32Array;
  /** The balancers. */
  readonly all: readonly SimulatedBalancer[];
  /** How often balancers found each change of a server's health. */
  readonly changes: Map<HealthChange, number> = new Map();

  /** @param options The options. */
  constructor(options: BalancersOptions) {
    const { plan, policy, streams, clock, requests, queueTimeouts, servers } = options;
    const { workload, recording, settings } = plan;
    const addresses = recording?.addresses ?? clientAddresses(workload.clients);
    const clients = new Clients(addresses, plan.sticky);
    const table = new StateTable(plan.servers.length);
    const registry = new Registry(table);
    registry.addAll(checkedServers(plan));
    this.#numberFor = Int32Array.from(
      workload.spread === "client" ? addresses : [],
      (address) => (hashText(address) >>> 0) % workload.balancers,
    );
    const detected = plan.failures.some(({ failure }) => DETECTED.includes(failure.kind));
    this.#probes = detected
      ? new Probes({ registry, faults: servers.faults, random: streams.stream() })
      : undefined;
    this.all = Array.from({ length: workload.balancers }, (_, number) => {
      const own = number === 0 ? table : copyOf(table);
      const stream = streams.stream();
      const random = stream.next;
      const health = new ServerHealth({
        ...{ registry, table: own, clock, settings },
        onChange: (change) => {
          this.changes.set(change, (this.changes.get(change) ?? 0) + 1);
          balancer.wake();
        },
      });
      const balancer: SimulatedBalancer = new SimulatedBalancer({
        ...{ registry, table: own, clock, requests, clients, queueTimeouts, servers, settings },
        measurements: options.measurements,
        policy: makePolicy(policy, { servers: registry, keepSessions: plan.sticky, random }),
        report: health.report,
      });
      this.#probes?.check(health, settings.healthCheck, random);
      if (workload.start === "apart") balancer.pickBefore(stream.below(plan.servers.length));
      return balancer;
    });
  }

  /** Number of finished health checks that the checkers have not processed yet. */
  get pendingChecks(): number {
    return this.#probes?.pending ?? 0;
  }

  /** Number of the balancer that receives all requests of a client. */
  numberFor(client: number): number {
    return client === -1 ? 0 : this.#numberFor[client]!;
  }

  /** Ends the hang of a server. */
  resume(server: number): void {
    this.#probes?.resume(server);
  }
}

/** The servers; checks are off for those that cannot fail one, as they would change nothing. */
function checkedServers({ servers, failures }: SimulationPlan): SimulationPlan["servers"] {
  const failing = new Set(
    failures.filter(({ failure }) => DETECTED.includes(failure.kind))
      .flatMap((planned) => planned.servers),
  );
  return servers.map((server, number) =>
    failing.has(number) ? server : { ...server, healthCheckPeriod: 0 }
  );
}

/** A copy of a table for another balancer. */
function copyOf({ memory }: StateTable): StateTable {
  return new StateTable({ ...memory, buffer: memory.buffer.slice(0) });
}
