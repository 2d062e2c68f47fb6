import { TrafficMeter } from "../../admin/traffic_meter.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { ClusterMemberStatus } from "../../model/cluster_report.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { SharedKeys } from "../store/shared_keys.ts";
import { basisKey, resultsKey } from "../shared_health/health_store.ts";
import { basisValue, resultsValue } from "../shared_health/health_value.ts";
import { type Member, memberValue } from "./member_value.ts";
import type { Page, StatusPart, StatusSource } from "./membership.ts";
import type { SharedChecks } from "../shared_health/shared_checks.ts";
import { statusValue, UNHEALTHY_MAX } from "./status_value.ts";

/** How often a balancer tells how it does at most, in milliseconds. */
const STATUS_MS = 1000;

/** What a {@linkcode StatusPublisher} tells of. */
export interface StatusPublisherParts {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** What it says of itself. */
  readonly member: Member;
  /** What divides its checks; undefined where it makes all of them. */
  readonly checks: SharedChecks | undefined;
  /** Where it is told. */
  readonly keys: SharedKeys;
  /** Up to which revision it has seen every change. */
  readonly revision: () => number;
  /** The time. */
  readonly clock: Clock;
  /** Called when there is something to tell soon. */
  readonly onNews: () => void;
}

/**
 * What a balancer tells the others: who it is, how it does, and what it has found out about the
 * servers that it checks. The first and the last are followed by all of them, so they are only
 * written where they are needed; how it does is read by who asks.
 */
export class StatusPublisher implements StatusSource, Disposable {
  readonly #parts: StatusPublisherParts;
  readonly #meter: TrafficMeter;
  /** What its keys hold of what it has found; undefined where that is not known. */
  #told: { readonly basis: string; readonly results: string } | undefined;
  #telling: { readonly basis: string; readonly results: string } | undefined;
  #hasHealthNews = false;
  #hasStatusNews = false;
  #statusAt = -Infinity;
  #cancelStatus: (() => void) | undefined;

  /** @param parts What it tells of. */
  constructor(parts: StatusPublisherParts) {
    this.#parts = parts;
    const { balancer } = parts;
    this.#meter = new TrafficMeter({
      events: balancer.events,
      // What each server has had is none of it: with thousands, it takes long to list.
      traffic: () => {
        const { total, overall, countsRequests, uptime } = balancer.traffic();
        return { servers: [], total, overall, countsRequests, uptime };
      },
    });
  }

  /** There is something new about the servers that it checks. */
  noteHealth(): void {
    this.#hasHealthNews = true;
    this.#parts.onNews();
  }

  /** It sees a server as unhealthy, or healthy again. */
  noteStatus(): void {
    const { clock, onNews } = this.#parts;
    const wait = Math.max(0, this.#statusAt + STATUS_MS - clock.now());
    this.#cancelStatus ??= clock.after(wait, () => {
      this.#cancelStatus = undefined;
      this.#hasStatusNews = true;
      onNews();
    });
  }

  /** How the balancer does. */
  status(): ClusterMemberStatus {
    const { balancer, checks, revision, clock } = this.#parts;
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

  pages(chapter: StatusPart): Page[] {
    const { keys, member, clock } = this.#parts;
    const pages: Page[] = [];
    if (chapter === "all") {
      pages.push({ put: keys.members + member.id, value: memberValue(member) });
      this.#told = undefined;
    }
    if (chapter !== "news" || this.#hasHealthNews) pages.push(...this.#healthPages(chapter));
    if (chapter !== "news" || this.#hasStatusNews) {
      pages.push({ put: keys.status + member.id, value: statusValue(this.status()) });
      this.#statusAt = clock.now();
      this.#hasStatusNews = false;
    }
    return pages;
  }

  told(isTold: boolean): void {
    if (isTold) this.#told = this.#telling;
    else {
      this.#told = undefined;
      this.#hasHealthNews = this.#hasStatusNews = true;
    }
  }

  /** Tells nothing more. */
  [Symbol.dispose](): void {
    this.#cancelStatus?.();
  }

  #healthPages(chapter: StatusPart): Page[] {
    const { keys: { health }, member: { id }, checks } = this.#parts;
    this.#hasHealthNews = false;
    if (checks === undefined) return [];
    const results = resultsValue(checks.results);
    const basis = basisValue(checks.basis);
    const isNew = results !== this.#told?.results;
    // The basis is the sign that it is there, so that is told again and again.
    if (chapter === "news" && !isNew && basis === this.#told?.basis) return [];
    this.#telling = { basis, results };
    return [
      ...(isNew ? [{ put: resultsKey(health, id), value: results }] : []),
      { put: basisKey(health, id), value: basis },
    ];
  }
}
