import type {
  CheckOwner,
  CheckResult,
  CheckSharing,
  RemoteResult,
} from "../../health/check_sharing.ts";
import type { Server } from "../../model/server.ts";
import type { HealthCheck } from "../../model/settings.ts";
import type { Clock } from "../../runtime/clock.ts";
import { CheckAssignment } from "./check_assignment.ts";
import { type CheckedServer, noteResult, resultsOf, uncheckedServer } from "./checked_server.ts";
import type { Basis, Results } from "./health_value.ts";
import { Peer } from "./peer.ts";
import { hashDigits, textHash } from "./rendezvous.ts";

/** Number of ticks in the time that results count. */
const TICKS = 20;
/** Detail of a server that another balancer has found healthy. */
const PASSES = "passes its checks";

/** Options of {@linkcode SharedChecks}. */
export interface SharedChecksOptions {
  /** ID of this balancer. */
  readonly id: string;
  /** The clock and its timers. */
  readonly clock: Clock;
  /** How long another balancer's results count after its last heartbeat, in seconds. */
  readonly patience: number;
  /** Called when there are results to publish. */
  readonly onDelta: () => void;
}

/**
 * Shares the checks of servers among balancers. Each server is checked by its owner according to
 * {@linkcode CheckAssignment}; the others use the owner's results. If the owner is silent for too
 * long, or its basis differs from what is known here, this balancer checks the server itself meanwhile.
 *
 * The balancers need no consensus. Two that know different members at some moment either both check a
 * server or both rely on a third one: no server is unchecked for longer than
 * {@linkcode SharedChecksOptions.patience}.
 */
export class SharedChecks implements CheckSharing, Disposable {
  readonly #options: SharedChecksOptions;
  readonly #assignment: CheckAssignment<CheckedServer>;
  readonly #peers = new Map<string, Peer>();
  /** IDs of the balancers whose results counted at the last tick. */
  #fresh = new Set<string>();
  /** Servers whose owner has no result yet. */
  readonly #pending = new Set<CheckedServer>();
  #members: ReadonlySet<string> = new Set();
  #checkFingerprint = "";
  #review: (urls: Iterable<string>) => void = () => {};
  #cancelTick: () => void = () => {};
  #isDisposed = false;

  /** @param options This balancer's ID and the clock. */
  constructor(options: SharedChecksOptions) {
    this.#options = options;
    this.#assignment = new CheckAssignment(uncheckedServer);
  }

  /** Number of servers that this balancer checks. */
  get ownCount(): number {
    let count = 0;
    for (const { isOwn } of this.#assignment.servers) if (isOwn) count++;
    return count;
  }

  /** Basis of this balancer's results, to publish with each heartbeat. */
  get basis(): Basis {
    return this.#expectedBasis(this.#options.id);
  }

  /** Results of the servers that this balancer owns. */
  get results(): Results {
    return resultsOf(this.#assignment.of(this.#options.id));
  }

  /** See {@linkcode CheckSharing.begin}. */
  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void {
    this.#review = review;
    this.#checkFingerprint = fingerprint(check);
    this.#tick();
  }

  /** See {@linkcode CheckSharing.changeCheck}. */
  changeCheck(check: HealthCheck): void {
    this.#checkFingerprint = fingerprint(check);
    this.#options.onDelta();
    this.#compareAll();
  }

  /** See {@linkcode CheckSharing.owner}. */
  owner({ url, healthCheckPeriod }: Server, isOwn: boolean): CheckOwner {
    const server = this.#assignment.find(url) ?? this.#add(url);
    const owner = this.#findOwner(server, isOwn, healthCheckPeriod * 1000);
    server.isOwn = owner === "self";
    if (owner === "pending") this.#pending.add(server);
    else {
      server.pendingSince = undefined;
      this.#pending.delete(server);
    }
    return owner;
  }

  /** See {@linkcode CheckSharing.onResult}. */
  onResult({ url }: Server, result: CheckResult): boolean {
    const server = this.#assignment.find(url) ?? this.#add(url);
    const next = noteResult(server, result, this.#options.clock.date());
    if (next === "publish") this.#publish(server);
    return next === "confirm";
  }

  /** See {@linkcode CheckSharing.cannotCheck}. */
  cannotCheck({ url }: Server): void {
    const server = this.#assignment.find(url) ?? this.#add(url);
    if (server.isBlocked) return;
    server.isBlocked = true;
    this.#publish(server);
  }

  /** See {@linkcode CheckSharing.forget}. */
  forget(url: string): void {
    const server = this.#assignment.remove(url);
    if (server === undefined) return;
    this.#pending.delete(server);
    this.#onAssigned(server.owner);
  }

  /**
   * Sets the balancers that share their checks.
   *
   * @param members Their names, by ID.
   */
  setMembers(members: ReadonlyMap<string, string>): void {
    for (const id of this.#peers.keys()) if (!members.has(id)) this.#peers.delete(id);
    for (const [id, name] of members) {
      if (id !== this.#options.id) this.#peer(id).name = name;
    }
    this.#members = new Set(members.keys());
    const moved = this.#assignment.setMembers(this.#members);
    if (moved.length === 0) return;
    for (const server of moved) {
      server.isKnown = server.isDoubted = server.isBlocked = false;
      server.pendingSince = undefined;
    }
    this.#options.onDelta();
    this.#compareAll();
    this.#review(moved.map(({ url }) => url));
  }

  /** Handles a heartbeat of another balancer; undefined if its basis is gone. */
  onBasis(id: string, basis: Basis | undefined): void {
    if (id === this.#options.id) return;
    if (basis !== undefined) {
      this.#peer(id).heartbeat(basis);
      this.#compare(id);
    } else if (this.#members.has(id)) {
      this.#peer(id).clearBasis();
      this.#reviewAll(id);
    } else this.#peers.delete(id);
  }

  /** Handles the results of another balancer; undefined if they are gone. */
  onResults(id: string, results: Results | undefined): void {
    if (id === this.#options.id) return;
    const changed = this.#peer(id).update(results);
    if (changed === "all") this.#reviewAll(id);
    else this.#review([...changed].filter((url) => this.#assignment.find(url)?.owner === id));
  }

  /** Stops sharing: this balancer checks all servers itself again. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#cancelTick();
    this.#review([...this.#assignment.servers].map(({ url }) => url));
    this.#review = () => {};
  }

  #findOwner(server: CheckedServer, isOwn: boolean, period: number): CheckOwner {
    const { id, clock, patience } = this.#options;
    const { url, owner, assignedAt, isKnown } = server;
    const peer = owner === undefined || owner === id ? undefined : this.#peers.get(owner);
    if (peer === undefined || this.#isDisposed) return "self";
    if (peer.hasResult(url, assignedAt, isKnown)) return this.#remoteResult(server, peer);
    if (isOwn || peer.isStale) return "self";
    // A peer that is about to check the server gets a period, for which a server may be unchecked anyway.
    const wait = Math.max(patience * 1000 / 2, peer.isPending(url) ? period : 0);
    server.pendingSince ??= clock.now();
    return clock.now() - server.pendingSince < wait ? "pending" : "self";
  }

  #remoteResult(server: CheckedServer, peer: Peer): RemoteResult {
    server.isKnown = true;
    const down = peer.down(server.url);
    const healthy = down === undefined;
    if (down !== undefined) server.health = { healthy, ...down };
    else if (!server.health?.healthy) {
      server.health = { healthy, detail: PASSES, since: this.#options.clock.date() };
    }
    return {
      healthy,
      detail: down?.detail ?? PASSES,
      by: peer.name,
      get at(): Date {
        return peer.lastHeartbeat;
      },
    };
  }

  #publish({ owner }: CheckedServer): void {
    if (owner === this.#options.id) this.#options.onDelta();
  }

  #add(url: string): CheckedServer {
    const server = this.#assignment.add(url);
    this.#onAssigned(server.owner);
    return server;
  }

  /** Handles a change in the servers assigned to a balancer. */
  #onAssigned(owner: string | undefined): void {
    if (owner === this.#options.id) this.#options.onDelta();
    else if (owner !== undefined) this.#compare(owner);
  }

  #peer(id: string): Peer {
    let peer = this.#peers.get(id);
    if (peer === undefined) {
      const { clock, patience } = this.#options;
      peer = new Peer(id, clock, patience * 1000);
      this.#peers.set(id, peer);
    }
    return peer;
  }

  #expectedBasis(id: string): Basis {
    return { check: this.#checkFingerprint, servers: this.#assignment.digest(id) };
  }

  #compare(id: string): void {
    const peer = this.#peers.get(id);
    if (peer?.compare(this.#expectedBasis(id), this.#assignment.count)) this.#reviewAll(id);
  }

  #compareAll(): void {
    for (const id of this.#peers.keys()) this.#compare(id);
  }

  #reviewAll(id: string): void {
    this.#review([...this.#assignment.of(id)].map(({ url }) => url));
  }

  #tick(): void {
    const { clock, patience } = this.#options;
    this.#cancelTick = clock.after(patience * 1000 / TICKS, () => this.#tick());
    const fresh = new Set([...this.#peers].filter(([, peer]) => !peer.isStale).map(([id]) => id));
    const stale = this.#fresh.difference(fresh);
    this.#fresh = fresh;
    // In one call, so that the checker knows how many there are and spreads their checks.
    const servers = [...stale].flatMap((id) => [...this.#assignment.of(id)])
      .concat([...this.#pending]);
    if (servers.length > 0) this.#review(new Set(servers.map(({ url }) => url)));
  }
}

/** Fingerprint of a health check. */
function fingerprint(
  { path, timeout, minStatus, maxStatus, rise, fall }: HealthCheck,
): string {
  return hashDigits(textHash(JSON.stringify([path, timeout, minStatus, maxStatus, rise, fall])));
}
