import { Registry } from "../state/registry.ts";
import type { PolicyName } from "../model/settings.ts";
import { StateTable } from "../state/state_table.ts";
import { hashText } from "../model/hash_text.ts";
import { makePolicy } from "../policies/make_policy.ts";
import { clientAddresses, Clients } from "./clients.ts";
import type { Expiries } from "./expiries.ts";
import type { Measurements } from "./measurements.ts";
import type { SimulationPlan } from "./plan.ts";
import { Probes } from "./probes.ts";
import type { RandomStreams } from "./random.ts";
import type { Requests } from "./requests.ts";
import { SimulatedBalancer } from "./simulated_balancer.ts";
import type { SimulatedClock } from "./simulated_clock.ts";
import { type HealthChange, SimulatedHealth } from "./simulated_health.ts";
import type { Upstreams } from "./upstreams.ts";
import type { UpstreamFault } from "./workload.ts";

/** What a health check can notice. One of a slow server passes. */
const NOTICED: readonly UpstreamFault[] = ["down", "hang", "errors"];

/** What a {@linkcode Cluster} works with. */
export interface ClusterParts {
  /** What is simulated. */
  readonly plan: SimulationPlan;
  /** The policy of all balancers. */
  readonly policy: PolicyName;
  /** Where chance comes from. */
  readonly streams: RandomStreams;
  /** The time. */
  readonly clock: SimulatedClock;
  /** The requests that are under way. */
  readonly requests: Requests;
  /** When those that wait for a server have waited for too long. */
  readonly waiting: Expiries;
  /** The servers. */
  readonly upstreams: Upstreams;
  /** Where it is counted what becomes of the requests. */
  readonly measurements: Measurements;
}

/**
 * The balancers. They have the same servers, in the same order and with the same slots, and each has
 * a state table of its own, in which it counts its own requests and what it knows of their health.
 */
export class Fleet {
  readonly #probes: Probes | undefined;
  readonly #balancerOf: Int32Array;
  /** The balancers. */
  readonly balancers: readonly SimulatedBalancer[];
  /** How often balancers found that something was different about a server. */
  readonly changes: Map<HealthChange, number> = new Map();

  /** @param parts What to work with. */
  constructor(parts: ClusterParts) {
    const { plan, policy, streams, clock, requests, waiting, upstreams, measurements } = parts;
    const { workload, recording, settings } = plan;
    const addresses = recording?.addresses ?? clientAddresses(workload.clients);
    const clients = new Clients(addresses, settings.sticky);
    const table = new StateTable(plan.servers.length);
    const registry = new Registry(table);
    registry.addAll(checkedServers(plan));
    this.#balancerOf = Int32Array.from(
      workload.spread === "client" ? addresses : [],
      (address) => (hashText(address) >>> 0) % workload.balancers,
    );
    const probing = plan.failures.some(({ failure }) => NOTICED.includes(failure.kind));
    this.#probes = probing
      ? new Probes({ registry, faults: upstreams.faults, random: streams.stream() })
      : undefined;
    this.balancers = Array.from({ length: workload.balancers }, (_, number) => {
      const own = number === 0 ? table : copyOf(table);
      const random = streams.stream();
      const chance = random.next;
      const balancer = new SimulatedBalancer({
        ...{ registry, table: own, clock, requests, clients, waiting, upstreams, measurements },
        policy: makePolicy(policy, {
          servers: registry,
          keepSessions: settings.sticky,
          random: chance,
        }),
        settings,
      });
      const { watch } = new SimulatedHealth({
        ...{ registry, table: own, clock, settings, probes: this.#probes, random: chance },
        onChange: (change) => {
          this.changes.set(change, (this.changes.get(change) ?? 0) + 1);
          balancer.wake();
        },
      });
      balancer.watch = watch;
      if (workload.start === "apart") balancer.pickBefore(random.below(plan.servers.length));
      return balancer;
    });
  }

  /** How many health checks have an answer that was not taken notice of. */
  get pendingChecks(): number {
    return this.#probes?.pending ?? 0;
  }

  /** The number of the balancer that a client's requests come to, where they all come to one. */
  balancerOf(client: number): number {
    // Who is not known might be anybody.
    return client === -1 ? 0 : this.#balancerOf[client]!;
  }

  /** A server does not stand still any more. */
  resume(server: number): void {
    this.#probes?.resume(server);
  }
}

/** The servers, of which only those are checked that can fail a check: the others' change nothing. */
function checkedServers({ servers, failures }: SimulationPlan): SimulationPlan["servers"] {
  const failing = new Set(
    failures.filter(({ failure }) => NOTICED.includes(failure.kind))
      .flatMap((planned) => planned.servers),
  );
  return servers.map((server, number) =>
    failing.has(number) ? server : { ...server, healthCheckPeriod: 0 }
  );
}

/** A table that says the same, for another balancer. */
function copyOf({ memory }: StateTable): StateTable {
  return new StateTable({ ...memory, buffer: memory.buffer.slice(0) });
}
