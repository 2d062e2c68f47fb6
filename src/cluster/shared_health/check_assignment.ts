import { hashDigits, Rendezvous, type TextHash, textHash } from "./rendezvous.ts";

/** A server whose checks are divided among balancers. */
export interface AssignedServer {
  /** Its URL. */
  readonly url: string;
  /** The hashes of that. */
  readonly hash: TextHash;
  /** Which balancer is to check it; undefined where no balancer is known. */
  prober: string | undefined;
  /** The {@linkcode CheckAssignment.count} at which that became so. */
  since: number;
}

/** The servers of one balancer. */
interface Part<T> {
  readonly servers: Set<T>;
  first: number;
  second: number;
}

/**
 * Which balancer checks which servers. Pure: every balancer computes it for itself, of the same
 * members and servers.
 */
export class CheckAssignment<T extends AssignedServer> {
  readonly #servers = new Map<string, T>();
  readonly #parts = new Map<string | undefined, Part<T>>();
  readonly #make: (server: AssignedServer) => T;
  #members = new Rendezvous([]);
  #count = 0;

  /** @param make Adds to a server what its user wants to know of it. */
  constructor(make: (server: AssignedServer) => T) {
    this.#make = make;
  }

  /** How often servers were given to balancers so far. */
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

  /** The servers that a balancer is to check. */
  of(member: string | undefined): ReadonlySet<T> {
    return this.#parts.get(member)?.servers ?? new Set();
  }

  /**
   * What tells the servers that a balancer is to check from any other set of them: where two
   * balancers say the same, they mean the same servers.
   */
  digest(member: string): string {
    const part = this.#parts.get(member);
    return part === undefined ? "0" : `${part.servers.size}-${hashDigits(part)}`;
  }

  /** Adds a server, which is not there yet. */
  add(url: string): T {
    const hash = textHash(url);
    const server = this.#make({ url, hash, prober: undefined, since: 0 });
    this.#servers.set(url, server);
    this.#give(server, this.#members.pick(hash));
    return server;
  }

  /** Removes a server. Harmless where it is not there. */
  remove(url: string): T | undefined {
    const server = this.#servers.get(url);
    if (server === undefined) return undefined;
    this.#servers.delete(url);
    this.#take(server);
    return server;
  }

  /**
   * Divides the servers anew.
   *
   * @param ids The balancers that there are now.
   * @returns The servers that have gone from one to another.
   */
  setMembers(ids: Iterable<string>): T[] {
    this.#members = new Rendezvous(ids);
    const moved: T[] = [];
    for (const server of this.#servers.values()) {
      const prober = this.#members.pick(server.hash);
      if (prober === server.prober) continue;
      this.#take(server);
      this.#give(server, prober);
      moved.push(server);
    }
    return moved;
  }

  #give(server: T, prober: string | undefined): void {
    server.prober = prober;
    server.since = ++this.#count;
    const part = this.#part(prober);
    part.servers.add(server);
    // Sums do not depend on the order, and can be taken back.
    part.first = (part.first + server.hash.first) | 0;
    part.second = (part.second + server.hash.second) | 0;
  }

  #take(server: T): void {
    const part = this.#part(server.prober);
    part.servers.delete(server);
    part.first = (part.first - server.hash.first) | 0;
    part.second = (part.second - server.hash.second) | 0;
    if (part.servers.size === 0) this.#parts.delete(server.prober);
  }

  #part(member: string | undefined): Part<T> {
    let part = this.#parts.get(member);
    if (part === undefined) {
      part = { servers: new Set(), first: 0, second: 0 };
      this.#parts.set(member, part);
    }
    return part;
  }
}
