import type { Clock } from "../runtime/clock.ts";
import type { ClusterMemberStatus, ClusterReport } from "../model/cluster_report.ts";
import type { KeyFault, RegistryWarning } from "../model/registry_report.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { VERSION } from "../model/version.ts";
import { type Etcd, EtcdError, keysUnder } from "./etcd/etcd_types.ts";
import type { KeyOwner } from "./store/key_owner.ts";
import type { SharedKeys } from "./store/shared_keys.ts";
import { within } from "../runtime/wait.ts";
import { checkClusterOptions, type ClusterOptions } from "./cluster_options.ts";
import { StatusPublisher } from "./members/status_publisher.ts";
import { findDisagreements, listMembers } from "./members/cluster_view.ts";
import { HealthStore } from "./shared_health/health_store.ts";
import { KeyFaults } from "./store/key_faults.ts";
import { MemberStore } from "./members/member_store.ts";
import type { Member } from "./members/member_value.ts";
import { Membership } from "./members/membership.ts";
import { RevisionHistory } from "./members/revision_history.ts";
import { SharedChecks } from "./shared_health/shared_checks.ts";
import { readStatus } from "./members/status_value.ts";

/** How long reading how the others do may take, in milliseconds. */
const READING_MS = 3000;

const OUT_OF_SPACE = "etcd is out of space: it takes no changes, and balancers cannot tell how " +
  "they do; compact and defragment it, then disarm its alarm (etcdctl alarm disarm)";
const WRITE_REFUSED =
  "etcd refuses what this balancer writes, so that the others do not know how " +
  "it does; the log says why";

/** How a balancer does, and at which revision it has told so. */
interface ToldStatus {
  readonly status: ClusterMemberStatus;
  readonly writtenAt: number;
}

/** What a {@linkcode Cluster} works with. */
export interface ClusterParts {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** Where balancers tell each other that they are there. */
  readonly etcd: Etcd;
  /** Under which keys. */
  readonly keys: SharedKeys;
  /** Up to which revision this balancer has seen every change. */
  readonly revision: () => number;
  /** The time and the timers. */
  readonly clock: Clock;
  /** A number from 0 up to, but without, 1. */
  readonly random: () => number;
}

/** The balancers that share their servers, this one among them. */
export class Cluster implements Disposable {
  readonly #parts: ClusterParts;
  readonly #self: Member;
  readonly #members: MemberStore;
  readonly #health: HealthStore;
  readonly #checks: SharedChecks | undefined;
  readonly #story: StatusPublisher;
  readonly #membership: Membership;
  readonly #revisions: RevisionHistory;
  readonly #statusFaults = new KeyFaults();
  #statuses: ReadonlyMap<string, ToldStatus> = new Map();

  /**
   * Prepares it; {@linkcode Cluster.run} lets the balancer join the others.
   *
   * @param parts What to work with.
   * @param options What the balancer is to the others.
   * @throws {BalancerError} `invalid` if the options make no sense.
   */
  constructor(parts: ClusterParts, options: ClusterOptions = {}) {
    const { balancer, etcd, keys, revision, clock, random } = parts;
    const id = balancer.events.run;
    const { name, admin, sharedHealth, lease } = checkClusterOptions(options, id);
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
      ? new SharedChecks({ id, clock, patience: lease, onNews: () => this.#story.noteHealth() })
      : undefined;
    this.#revisions = new RevisionHistory({ revision, clock, age: lease * 1000 });
    this.#members = new MemberStore(keys.members, () => this.#onMembers());
    this.#health = new HealthStore(keys.health, {
      hear: (member, basis) => {
        this.#checks?.hear(member, basis);
        if (member === id && basis === undefined) this.#membership.repeat();
      },
      learn: (member, results) => {
        this.#checks?.learn(member, results);
        if (member === id && results === undefined) this.#membership.repeat();
      },
    });
    this.#story = new StatusPublisher({
      balancer,
      member: this.#self,
      checks: this.#checks,
      keys,
      revision,
      clock,
      onNews: () => this.#membership.tell(),
    });
    this.#membership = new Membership({ etcd, story: this.#story, lease, clock, random });
  }

  /** What follows the keys of the balancers. */
  get members(): KeyOwner {
    return this.#members;
  }

  /** What follows the keys of what they find. */
  get health(): KeyOwner {
    return this.#health;
  }

  /** How many balancers are up, this one included. */
  get size(): number {
    const { members } = this.#members;
    return members.size + (members.has(this.#self.id) ? 0 : 1);
  }

  /** What etcd has that makes no sense. */
  faults(): KeyFault[] {
    return [this.#members, this.#health].flatMap((book) => book.faults())
      .concat(this.#statusFaults.list());
  }

  /** What etcd does not take of this balancer, though it can be reached. */
  warnings(): RegistryWarning[] {
    if (this.#isOutOfSpace) return [{ code: "out_of_space", message: OUT_OF_SPACE }];
    if (this.#membership.refusal === undefined) return [];
    return [{ code: "write_refused", message: WRITE_REFUSED }];
  }

  /** Lets the checks be divided from now on, before the servers come. */
  begin(): void {
    if (this.#checks !== undefined) this.#parts.balancer.shareChecks(this.#checks);
  }

  /** Keeps the balancer among the others until the signal says to end. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { events } = this.#parts.balancer;
    const story = this.#story;
    // Without "using", which Node 22 does not know.
    const watching = this.#revisions.watch();
    const unsubscribe = events.subscribe(({ type }) => {
      if (type === "healthy" || type === "unhealthy") story.noteStatus();
    });
    await this.#membership.run(signal);
    unsubscribe();
    story[Symbol.dispose]();
    watching[Symbol.dispose]();
  }

  /** Lets the balancer check for itself again. */
  [Symbol.dispose](): void {
    this.#checks?.[Symbol.dispose]();
  }

  /** Tells which balancers are up and how they do. What cannot be read is as it was before. */
  async report(): Promise<ClusterReport> {
    let error: string | undefined;
    try {
      await this.#readStatuses();
    } catch (cause) {
      if (!(cause instanceof EtcdError)) throw cause;
      error = cause.message;
    }
    const { id } = this.#self;
    const told = [...this.#statuses];
    const { before: revisionBefore } = this.#revisions;
    const isFull = this.#isOutOfSpace;
    const silent = told.filter(([, { writtenAt }]) => isFull || writtenAt < revisionBefore);
    const members = listMembers({
      members: new Map([...this.#members.members, [id, this.#self]]),
      statuses: new Map([
        ...told.map(([id, { status }]) => [id, status] as const),
        [id, this.#story.status()],
      ]),
      revisionBefore,
      silent: new Set(silent.map(([id]) => id)),
    });
    const muted = isFull ? { muted: OUT_OF_SPACE } : {};
    return { self: id, members, disagreements: findDisagreements(members), error, ...muted };
  }

  get #isOutOfSpace(): boolean {
    return this.#membership.refusal?.failure === "no_space";
  }

  async #readStatuses(): Promise<void> {
    const { etcd, keys, clock } = this.#parts;
    const late = () => new EtcdError("unreachable", "Cannot read from etcd: it takes too long");
    const { entries } = await within(
      { clock, milliseconds: READING_MS, signal: new AbortController().signal, late },
      (signal) => etcd.range(keysUnder(keys.status), { signal }),
    );
    this.#statusFaults.retain(entries);
    this.#statuses = new Map(entries.flatMap((entry) => {
      const status = this.#statusFaults.read(entry, readStatus);
      if (status === undefined) return [];
      return [[entry.key.slice(keys.status.length), { status, writtenAt: entry.modRevision }]];
    }));
  }

  #onMembers(): void {
    const { members } = this.#members;
    const sharing = [...members.values()].filter(({ sharesHealth }) => sharesHealth);
    this.#checks?.setMembers(new Map(sharing.map(({ id, name }) => [id, name])));
    if (!members.has(this.#self.id)) this.#membership.repeat();
  }
}
