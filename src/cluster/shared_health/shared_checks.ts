import type { Clock } from "../../runtime/clock.ts";
import type { Server } from "../../model/server.ts";
import type {
  CheckOwner,
  CheckSharing,
  OwnResult,
  SharedResult,
} from "../../health/check_sharing.ts";
import type { HealthCheck } from "../../model/settings.ts";
import { CheckAssignment } from "./check_assignment.ts";
import type { Basis, Results } from "./health_value.ts";
import { type KnownServer, noteResult, resultsOf, unknownServer } from "./known_server.ts";
import { Peer } from "./peer.ts";
import { hashDigits, textHash } from "./rendezvous.ts";

/** Into how many ticks the time is divided for which results count. */
const TICKS = 20;
/** What is said of a server that another balancer has found nothing wrong with. */
const PASSES = "passes its checks";

/** What {@linkcode SharedChecks} work with. */
export interface SharedChecksOptions {
  /** The id of this balancer. */
  readonly id: string;
  /** The time and the timers. */
  readonly clock: Clock;
  /**
   * For how long the results of another balancer count after it has last said something, in
   * seconds.
   */
  readonly patience: number;
  /** Called when others are to be told of something new soon. */
  readonly onNews: () => void;
}

/**
 * Divides the checks of servers among balancers that know each other. Each server is checked by the
 * one that {@linkcode CheckAssignment} says; the others use what it tells. Where it tells nothing for too
 * long, or something that does not go with what is known here, this balancer checks for itself until
 * that is over.
 *
 * Nobody has to agree with anybody on who does what. Two balancers that know different others at a
 * moment check a server both, or believe what a third one has found: in no case is a server without
 * a check for longer than {@linkcode SharedChecksOptions.patience}.
 */
export class SharedChecks implements CheckSharing, Disposable {
  readonly #options: SharedChecksOptions;
  readonly #division: CheckAssignment<KnownServer>;
  readonly #peers = new Map<string, Peer>();
  /** The balancers whose results count at present, as far as the ticks have seen. */
  #fresh = new Set<string>();
  readonly #waiting = new Set<KnownServer>();
  #members: ReadonlySet<string> = new Set();
  #checkPrint = "";
  #review: (urls: Iterable<string>) => void = () => {};
  #cancelTick: () => void = () => {};
  #isOver = false;

  /** @param options What to work with. */
  constructor(options: SharedChecksOptions) {
    this.#options = options;
    this.#division = new CheckAssignment(unknownServer);
  }

  /** How many servers this balancer checks. */
  get ownCount(): number {
    let count = 0;
    for (const { isOwn } of this.#division.servers) if (isOwn) count++;
    return count;
  }

  /** By what this balancer checks, to be told to the others again and again. */
  get basis(): Basis {
    return this.#expected(this.#options.id);
  }

  /** What this balancer has found out about the servers that it is to check. */
  get results(): Results {
    return resultsOf(this.#division.of(this.#options.id));
  }

  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void {
    this.#review = review;
    this.#checkPrint = printOf(check);
    this.#tick();
  }

  changeCheck(check: HealthCheck): void {
    this.#checkPrint = printOf(check);
    this.#options.onNews();
    this.#compareAll();
  }

  duty({ url, healthCheckPeriod }: Server, isOwn: boolean): CheckOwner {
    const server = this.#division.find(url) ?? this.#add(url);
    const duty = this.#dutyOf(server, isOwn, healthCheckPeriod * 1000);
    server.isOwn = duty === "own";
    if (duty === "awaited") this.#waiting.add(server);
    else {
      server.waitsSince = undefined;
      this.#waiting.delete(server);
    }
    return duty;
  }

  found({ url }: Server, result: OwnResult): boolean {
    const server = this.#division.find(url) ?? this.#add(url);
    const news = noteResult(server, result, this.#options.clock.date());
    if (news === "told") this.#onFound(server);
    return news === "doubted";
  }

  cannotCheck({ url }: Server): void {
    const server = this.#division.find(url) ?? this.#add(url);
    if (server.isBlocked) return;
    server.isBlocked = true;
    this.#onFound(server);
  }

  forget(url: string): void {
    const server = this.#division.remove(url);
    if (server === undefined) return;
    this.#waiting.delete(server);
    this.#onServers(server.prober);
  }

  /**
   * These are the balancers now that share their checks.
   *
   * @param members Their names, by id.
   */
  setMembers(members: ReadonlyMap<string, string>): void {
    for (const id of this.#peers.keys()) if (!members.has(id)) this.#peers.delete(id);
    for (const [id, name] of members) {
      if (id !== this.#options.id) this.#peer(id).name = name;
    }
    this.#members = new Set(members.keys());
    const moved = this.#division.setMembers(this.#members);
    if (moved.length === 0) return;
    for (const server of moved) {
      server.isKnown = server.isDoubted = server.isBlocked = false;
      server.waitsSince = undefined;
    }
    this.#options.onNews();
    this.#compareAll();
    this.#review(moved.map(({ url }) => url));
  }

  /** A balancer says by what it checks; undefined where it says so no more. */
  hear(id: string, basis: Basis | undefined): void {
    if (id === this.#options.id) return;
    if (basis !== undefined) {
      this.#peer(id).hear(basis);
      this.#compare(id);
    } else if (this.#members.has(id)) {
      this.#peer(id).fallSilent();
      this.#reviewAll(id);
    } else this.#peers.delete(id);
  }

  /** A balancer says what it has found; undefined where it says so no more. */
  learn(id: string, results: Results | undefined): void {
    if (id === this.#options.id) return;
    const changed = this.#peer(id).learn(results);
    if (changed === "all") this.#reviewAll(id);
    else this.#review([...changed].filter((url) => this.#division.find(url)?.prober === id));
  }

  /** Takes no part any more: this balancer checks for itself again. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelTick();
    this.#review([...this.#division.servers].map(({ url }) => url));
    this.#review = () => {};
  }

  #dutyOf(server: KnownServer, isOwn: boolean, period: number): CheckOwner {
    const { id, clock, patience } = this.#options;
    const { url, prober, since, isKnown } = server;
    const peer = prober === undefined || prober === id ? undefined : this.#peers.get(prober);
    if (peer === undefined || this.#isOver) return "own";
    if (peer.answersFor(url, since, isKnown)) return this.#believe(server, peer);
    if (isOwn || peer.isStale) return "own";
    // Who is about to check it gets the time for it: so long may a server be unchecked anyway.
    const wait = Math.max(patience * 1000 / 2, peer.isPending(url) ? period : 0);
    server.waitsSince ??= clock.now();
    return clock.now() - server.waitsSince < wait ? "awaited" : "own";
  }

  #believe(server: KnownServer, peer: Peer): SharedResult {
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
        return peer.heardOn;
      },
    };
  }

  #onFound({ prober }: KnownServer): void {
    if (prober === this.#options.id) this.#options.onNews();
  }

  #add(url: string): KnownServer {
    const server = this.#division.add(url);
    this.#onServers(server.prober);
    return server;
  }

  /** The servers have changed that a balancer is to check. */
  #onServers(prober: string | undefined): void {
    if (prober === this.#options.id) this.#options.onNews();
    else if (prober !== undefined) this.#compare(prober);
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

  #expected(id: string): Basis {
    return { check: this.#checkPrint, servers: this.#division.digest(id) };
  }

  #compare(id: string): void {
    const peer = this.#peers.get(id);
    if (peer?.compare(this.#expected(id), this.#division.count)) this.#reviewAll(id);
  }

  #compareAll(): void {
    for (const id of this.#peers.keys()) this.#compare(id);
  }

  #reviewAll(id: string): void {
    this.#review([...this.#division.of(id)].map(({ url }) => url));
  }

  #tick(): void {
    const { clock, patience } = this.#options;
    this.#cancelTick = clock.after(patience * 1000 / TICKS, () => this.#tick());
    const fresh = new Set([...this.#peers].filter(([, peer]) => !peer.isStale).map(([id]) => id));
    const stale = this.#fresh.difference(fresh);
    this.#fresh = fresh;
    // All at once: so the checker sees how many there are, and spreads their checks.
    const servers = [...stale].flatMap((id) => [...this.#division.of(id)])
      .concat([...this.#waiting]);
    if (servers.length > 0) this.#review(new Set(servers.map(({ url }) => url)));
  }
}

/** What tells a way to check from any other. */
function printOf({ path, timeout, minStatus, maxStatus, rise, fall }: HealthCheck): string {
  return hashDigits(textHash(JSON.stringify([path, timeout, minStatus, maxStatus, rise, fall])));
}
