import { hashDigits, Rendezvous, type TextHash, textHash } from "./rendezvous.ts";

/** A server whose checks are assigned to one of several balancers. */
export interface AssignedServer {
  /** Its URL. */
  readonly url: string;
  /** Hashes of its URL. */
  readonly hash: TextHash;
  /** ID of the balancer that checks it; undefined if no balancer is known. */
  owner: string | undefined;
  /** The {@linkcode CheckAssignment.count} at its assignment. */
  assignedAt: number;
}

/** The servers assigned to one balancer, with the sums of their hashes. */
interface Share<T> {
  readonly servers: Set<T>;
  first: number;
  second: number;
}

/**
 * Assigns the checks of servers to balancers. Pure: every balancer computes the same assignment from
 * the same members and servers.
 */
export class CheckAssignment<T extends AssignedServer> {
  readonly #servers = new Map<string, T>();
  readonly #shares = new Map<string | undefined, Share<T>>();
  readonly #make: (server: AssignedServer) => T;
  #members = new Rendezvous([]);
  #count = 0;

  /** @param make Adds the caller's fields to a server. */
  constructor(make: (server: AssignedServer) => T) {
    this.#make = make;
  }

  /** Number of assignments made so far. */
  get count(): number {
    return this.#count;
  }

  /** The servers. */
  get servers(): Iterable<T> {
    return this.#servers.values();
  }

  /** The server with this URL, if there is one. */
  find(url: string): T | undefined {
    return this.#servers.get(url);
  }

  /** The servers assigned to a balancer. */
  of(member: string | undefined): ReadonlySet<T> {
    return this.#shares.get(member)?.servers ?? new Set();
  }

  /**
   * Digest of the servers assigned to a balancer: two balancers with the same digest mean the same
   * servers.
   */
  digest(member: string): string {
    const share = this.#shares.get(member);
    return share === undefined ? "0" : `${share.servers.size}-${hashDigits(share)}`;
  }

  /** Adds a new server. */
  add(url: string): T {
    const hash = textHash(url);
    const server = this.#make({ url, hash, owner: undefined, assignedAt: 0 });
    this.#servers.set(url, server);
    this.#assign(server, this.#members.pick(hash));
    return server;
  }

  /** Removes a server. Harmless if it does not exist. */
  remove(url: string): T | undefined {
    const server = this.#servers.get(url);
    if (server === undefined) return undefined;
    this.#servers.delete(url);
    this.#unassign(server);
    return server;
  }

  /**
   * Assigns the servers anew.
   *
   * @param ids IDs of the balancers.
   * @returns The servers that have moved to another balancer.
   */
  setMembers(ids: Iterable<string>): T[] {
    this.#members = new Rendezvous(ids);
    const moved: T[] = [];
    for (const server of this.#servers.values()) {
      const owner = this.#members.pick(server.hash);
      if (owner === server.owner) continue;
      this.#unassign(server);
      this.#assign(server, owner);
      moved.push(server);
    }
    return moved;
  }

  #assign(server: T, owner: string | undefined): void {
    server.owner = owner;
    server.assignedAt = ++this.#count;
    const share = this.#share(owner);
    share.servers.add(server);
    // Sums do not depend on the order, and can be subtracted from.
    share.first = (share.first + server.hash.first) | 0;
    share.second = (share.second + server.hash.second) | 0;
  }

  #unassign(server: T): void {
    const share = this.#share(server.owner);
    share.servers.delete(server);
    share.first = (share.first - server.hash.first) | 0;
    share.second = (share.second - server.hash.second) | 0;
    if (share.servers.size === 0) this.#shares.delete(server.owner);
  }

  #share(member: string | undefined): Share<T> {
    let share = this.#shares.get(member);
    if (share === undefined) {
      share = { servers: new Set(), first: 0, second: 0 };
      this.#shares.set(member, share);
    }
    return share;
  }
}
