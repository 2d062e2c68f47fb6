import { TrafficMeter } from "../../admin/traffic_meter.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { ClusterMemberStatus } from "../../model/cluster_report.ts";
import type { Clock } from "../../runtime/clock.ts";
import { basisKey, resultsKey } from "../shared_health/health_store.ts";
import { basisValue, resultsValue } from "../shared_health/health_value.ts";
import type { SharedChecks } from "../shared_health/shared_checks.ts";
import type { SharedKeys } from "../store/shared_keys.ts";
import { type Member, memberValue } from "./member_store.ts";
import { statusValue, UNHEALTHY_MAX } from "./status_value.ts";

/** Minimum time between two deltas with the status, in milliseconds. */
const STATUS_MS = 1000;

/**
 * Kind of an update: `full` when none of the balancer's keys exist, `heartbeat` regularly, `delta` for
 * changes in between.
 */
export type StatusUpdate = "full" | "heartbeat" | "delta";

/** A key to write. */
export interface KeyPut {
  /** The key. */
  readonly put: string;
  /** Its value. */
  readonly value: string;
}

/** Options of a {@linkcode StatusPublisher}. */
export interface StatusPublisherOptions {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** Its membership record. */
  readonly member: Member;
  /** Its shared health checks; undefined if it runs all checks itself. */
  readonly checks: SharedChecks | undefined;
  /** The keys in etcd. */
  readonly keys: SharedKeys;
  /** Returns the revision up to which it has handled every change. */
  readonly revision: () => number;
  /** The clock and its timers. */
  readonly clock: Clock;
  /** Called when there is a delta to publish. */
  readonly onDelta: () => void;
}

/**
 * Produces what a balancer publishes about itself: its membership record, its status and the results
 * of its health checks. All balancers watch the record and the results, so these are written only when
 * they change; the status is read on request.
 */
export class StatusPublisher implements Disposable {
  readonly #options: StatusPublisherOptions;
  readonly #meter: TrafficMeter;
  /** The health checks as last published; undefined if that is unknown. */
  #published: { readonly basis: string; readonly results: string } | undefined;
  #publishing: { readonly basis: string; readonly results: string } | undefined;
  #isHealthChanged = false;
  #isStatusChanged = false;
  #statusAt = -Infinity;
  #cancelStatus: (() => void) | undefined;

  /** @param options The balancer and the keys. */
  constructor(options: StatusPublisherOptions) {
    this.#options = options;
    const { balancer } = options;
    this.#meter = new TrafficMeter({
      events: balancer.events,
      // Leaves out the counts of each server: with thousands, listing them takes long.
      traffic: () => {
        const { total, overall, countsRequests, uptime } = balancer.traffic();
        return { servers: [], total, overall, countsRequests, uptime };
      },
    });
  }

  /** Records a change in the results of the health checks. */
  noteHealth(): void {
    this.#isHealthChanged = true;
    this.#options.onDelta();
  }

  /** Records that a server became healthy or unhealthy here. */
  noteStatus(): void {
    const { clock, onDelta } = this.#options;
    const wait = Math.max(0, this.#statusAt + STATUS_MS - clock.now());
    this.#cancelStatus ??= clock.after(wait, () => {
      this.#cancelStatus = undefined;
      this.#isStatusChanged = true;
      onDelta();
    });
  }

  /** The balancer's current status. */
  status(): ClusterMemberStatus {
    const { balancer, checks, revision, clock } = this.#options;
    const { total } = this.#meter.measure();
    const servers = balancer.servers();
    const unhealthy = servers.filter(({ healthy }) => !healthy).map(({ url }) => url);
    return {
      at: clock.date(),
      requestsPerSecond: total.requestsPerSecond === undefined
        ? undefined
        : Math.round(total.requestsPerSecond * 1000) / 1000,
      active: servers.reduce((sum, { active }) => sum + active, 0),
      servers: servers.length,
      checks: checks?.ownCount ??
        servers.filter(({ healthCheckPeriod }) => healthCheckPeriod > 0).length,
      unhealthy: unhealthy.slice(0, UNHEALTHY_MAX),
      unhealthyCount: unhealthy.length,
      revision: revision(),
    };
  }

  /** The keys to write for an update; possibly none. */
  update(kind: StatusUpdate): KeyPut[] {
    const { keys, member, clock } = this.#options;
    const puts: KeyPut[] = [];
    if (kind === "full") {
      puts.push({ put: keys.members + member.id, value: memberValue(member) });
      this.#published = undefined;
    }
    if (kind !== "delta" || this.#isHealthChanged) puts.push(...this.#healthPuts(kind));
    if (kind !== "delta" || this.#isStatusChanged) {
      puts.push({ put: keys.status + member.id, value: statusValue(this.status()) });
      this.#statusAt = clock.now();
      this.#isStatusChanged = false;
    }
    return puts;
  }

  /**
   * Records the outcome of the last update.
   *
   * @param isPublished Whether it was written; false also if that is unknown.
   */
  published(isPublished: boolean): void {
    if (isPublished) this.#published = this.#publishing;
    else {
      this.#published = undefined;
      this.#isHealthChanged = this.#isStatusChanged = true;
    }
  }

  /** Cancels a pending delta. */
  [Symbol.dispose](): void {
    this.#cancelStatus?.();
  }

  #healthPuts(kind: StatusUpdate): KeyPut[] {
    const { keys: { health }, member: { id }, checks } = this.#options;
    this.#isHealthChanged = false;
    if (checks === undefined) return [];
    const results = resultsValue(checks.results);
    const basis = basisValue(checks.basis);
    const isChanged = results !== this.#published?.results;
    // The basis doubles as the heartbeat, so it is written again and again.
    if (kind === "delta" && !isChanged && basis === this.#published?.basis) return [];
    this.#publishing = { basis, results };
    return [
      ...(isChanged ? [{ put: resultsKey(health, id), value: results }] : []),
      { put: basisKey(health, id), value: basis },
    ];
  }
}
