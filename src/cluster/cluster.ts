import type { LoadBalancer } from "../balancer/load_balancer.ts";
import type { ClusterMemberStatus, ClusterReport } from "../model/cluster_report.ts";
import type { KeyFault, RegistryWarning } from "../model/registry_report.ts";
import { VERSION } from "../model/version.ts";
import { withTimeout } from "../runtime/time.ts";
import { checkClusterOptions, type ClusterOptions } from "./cluster_options.ts";
import { EtcdError, keysUnder } from "./etcd/etcd_types.ts";
import { findDisagreements, listMembers } from "./members/cluster_view.ts";
import { type Member, memberStore } from "./members/member_store.ts";
import { Membership } from "./members/membership.ts";
import { RevisionHistory } from "./members/revision_history.ts";
import { StatusPublisher } from "./members/status_publisher.ts";
import { parseStatus } from "./members/status_value.ts";
import { healthStore } from "./shared_health/health_store.ts";
import type { Basis, Results } from "./shared_health/health_value.ts";
import { SharedChecks } from "./shared_health/shared_checks.ts";
import type { EtcdContext } from "./store/connectivity.ts";
import { KeyStore } from "./store/key_store.ts";
import type { SharedKeys } from "./store/shared_keys.ts";

/** Time limit for reading the other balancers' statuses, in milliseconds. */
const READ_LIMIT_MS = 3000;

const OUT_OF_SPACE = "etcd is out of space: it accepts no changes, and balancers cannot publish " +
  "their status; compact and defragment it, then disarm its alarm (etcdctl alarm disarm)";
const WRITE_REFUSED =
  "etcd rejects this balancer's writes, so that the other balancers do not see its status; the " +
  "reason is in the log";

/** The parts of a balancer that a {@linkcode Cluster} needs. */
export interface ClusterParts {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** The keys in etcd. */
  readonly keys: SharedKeys;
  /** Returns the revision up to which this balancer has handled every change. */
  readonly revision: () => number;
}

/** The balancers that share their servers, including this one. */
export class Cluster implements Disposable {
  /** The balancers that are up, by ID. */
  readonly members: KeyStore<Member>;
  /** The health checks of the balancers. */
  readonly health: KeyStore<Basis | Results>;
  readonly #context: EtcdContext;
  readonly #parts: ClusterParts;
  readonly #self: Member;
  readonly #statuses: KeyStore<ClusterMemberStatus>;
  readonly #checks: SharedChecks | undefined;
  readonly #publisher: StatusPublisher;
  readonly #membership: Membership;
  readonly #revisions: RevisionHistory;

  /**
   * Prepares the membership; {@linkcode Cluster.run} joins the cluster.
   *
   * @param context The etcd client and its connectivity.
   * @param parts The balancer and the keys.
   * @param options The balancer's name and its role in the cluster.
   * @throws {BalancerError} `invalid` for invalid options.
   */
  constructor(context: EtcdContext, parts: ClusterParts, options: ClusterOptions = {}) {
    const { clock } = context;
    const { balancer, keys, revision } = parts;
    const id = balancer.events.run;
    const { name, admin, sharedHealth, lease } = checkClusterOptions(options, id);
    this.#context = context;
    this.#parts = parts;
    this.#self = {
      id,
      name,
      version: VERSION,
      startedAt: clock.date(),
      admin,
      sharesHealth: sharedHealth,
    };
    this.#checks = sharedHealth
      ? new SharedChecks({
        id,
        clock,
        patience: lease,
        onDelta: () => this.#publisher.noteHealth(),
      })
      : undefined;
    this.#revisions = new RevisionHistory({ revision, clock, age: lease * 1000 });
    this.members = memberStore(keys.members, () => this.#onMembers());
    this.health = healthStore(keys.health, {
      onBasis: (member, basis) => {
        this.#checks?.onBasis(member, basis);
        if (member === id && basis === undefined) this.#membership.republish();
      },
      onResults: (member, results) => {
        this.#checks?.onResults(member, results);
        if (member === id && results === undefined) this.#membership.republish();
      },
    });
    this.#statuses = new KeyStore({ prefix: keys.status, parse: (_, text) => parseStatus(text) });
    this.#publisher = new StatusPublisher({
      balancer,
      member: this.#self,
      checks: this.#checks,
      keys,
      revision,
      clock,
      onDelta: () => this.#membership.notify(),
    });
    this.#membership = new Membership(context, this.#publisher, lease);
  }

  /** Number of balancers that are up, including this one. */
  get size(): number {
    const { values } = this.members;
    return values.size + (values.has(this.#self.id) ? 0 : 1);
  }

  /** Invalid values in etcd. */
  faults(): KeyFault[] {
    return [this.members, this.health, this.#statuses].flatMap((store) => store.faults());
  }

  /** Problems with publishing this balancer's status although etcd is reachable. */
  warnings(): RegistryWarning[] {
    if (this.#isOutOfSpace) return [{ code: "out_of_space", message: OUT_OF_SPACE }];
    if (this.#membership.refusal === undefined) return [];
    return [{ code: "write_refused", message: WRITE_REFUSED }];
  }

  /** Starts sharing the health checks; call it before the balancer has servers. */
  begin(): void {
    if (this.#checks !== undefined) this.#parts.balancer.shareChecks(this.#checks);
  }

  /** Keeps the balancer in the cluster until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { events } = this.#parts.balancer;
    // Node 22 does not support "using".
    const watching = this.#revisions.watch();
    const unsubscribe = events.subscribe(({ type }) => {
      if (type === "healthy" || type === "unhealthy") this.#publisher.noteStatus();
    });
    await this.#membership.run(signal);
    unsubscribe();
    this.#publisher[Symbol.dispose]();
    watching[Symbol.dispose]();
  }

  /** Stops sharing the health checks. */
  [Symbol.dispose](): void {
    this.#checks?.[Symbol.dispose]();
  }

  /** The balancers that are up and their statuses; if etcd cannot be read, the last known ones. */
  async report(): Promise<ClusterReport> {
    let error: string | undefined;
    try {
      await this.#readStatuses();
    } catch (cause) {
      if (!(cause instanceof EtcdError)) throw cause;
      error = cause.message;
    }
    const { id } = this.#self;
    const { before: revisionBefore } = this.#revisions;
    const isFull = this.#isOutOfSpace;
    const silent = this.#statuses.ids.filter((id) =>
      isFull || this.#statuses.find(id)!.revision < revisionBefore
    );
    const members = listMembers({
      members: this.members.values.set(id, this.#self),
      statuses: this.#statuses.values.set(id, this.#publisher.status()),
      revisionBefore,
      silent: new Set(silent),
    });
    const muted = isFull ? { muted: OUT_OF_SPACE } : {};
    return { self: id, members, disagreements: findDisagreements(members), error, ...muted };
  }

  get #isOutOfSpace(): boolean {
    return this.#membership.refusal?.failure === "no_space";
  }

  async #readStatuses(): Promise<void> {
    const { etcd, clock } = this.#context;
    const error = () => new EtcdError("unreachable", "Cannot read from etcd: it timed out");
    const { keyValues } = await withTimeout(
      { clock, milliseconds: READ_LIMIT_MS, error },
      (signal) => etcd.range(keysUnder(this.#parts.keys.status), { signal }),
    );
    this.#statuses.reset(keyValues);
  }

  #onMembers(): void {
    const sharing = [...this.members.values.values()].filter(({ sharesHealth }) => sharesHealth);
    this.#checks?.setMembers(new Map(sharing.map(({ id, name }) => [id, name])));
    if (!this.members.values.has(this.#self.id)) this.#membership.republish();
  }
}
