import { BalancerError } from "../../model/errors.ts";
import { diffServers } from "../../model/server_diff.ts";
import { completeServer, type Server } from "../../model/server.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";

/** Makes a balancer's servers what they shall be, one by one: what one cannot be stops no other. */
export class ServerApplier {
  readonly #balancer: LoadBalancer;
  readonly #applied: Map<string, Server>;
  readonly #refused = new Map<string, { readonly server: Server; readonly why: string }>();

  /** @param balancer Whose servers. Those that it has already count as having been put. */
  constructor(balancer: LoadBalancer) {
    this.#balancer = balancer;
    const servers = balancer.config().servers.map(completeServer);
    this.#applied = new Map(servers.map((server) => [server.url, server]));
  }

  /** The URLs of the servers that were put and not removed. */
  get urls(): string[] {
    return [...this.#applied.keys()];
  }

  /** The server as it was put last, and taken; undefined if there is none. */
  find(url: string): Server | undefined {
    return this.#applied.get(url);
  }

  /** Why a server that was put is not one of the balancer's; undefined if it is. */
  refusal(url: string): string | undefined {
    return this.#refused.get(url)?.why;
  }

  /** The servers that the balancer does not take, and why. */
  refusals(): [url: string, why: string][] {
    return [...this.#refused].map(([url, { why }]) => [url, why]);
  }

  /**
   * Adds a server, or changes it where it differs.
   *
   * @returns Whether it was added.
   */
  put(server: Server): boolean {
    const { url } = server;
    const known = this.#applied.get(url);
    this.#refused.delete(url);
    if (known !== undefined && isSame(known, server)) return false;
    // A server does not become an entry by a change, nor the other way round.
    const isOther = known !== undefined && known.discover !== server.discover;
    if (isOther) this.#discard(url, undefined);
    const before = isOther ? undefined : known;
    try {
      const isNew = this.#place(server, before !== undefined);
      this.#applied.set(url, server);
      return isNew;
    } catch (error) {
      if (!(error instanceof BalancerError)) throw error;
      this.#refused.set(url, { server, why: error.message });
      return false;
    }
  }

  /** Removes a server; what it works on is broken off after `drain` seconds, or never. */
  remove(url: string, drain: number | undefined): void {
    this.#refused.delete(url);
    if (!this.#applied.has(url)) return;
    this.#discard(url, drain);
    // One that there was no place for may have one now.
    this.retry();
  }

  /** Puts once more what the balancer has not taken so far. */
  retry(): void {
    for (const { server } of [...this.#refused.values()]) this.put(server);
  }

  #discard(url: string, drain: number | undefined): void {
    this.#applied.delete(url);
    try {
      this.#balancer.remove(url, drain);
    } catch (error) {
      if (!hasCode(error, "not_found") && !hasCode(error, "closed")) throw error;
    }
  }

  /** Somebody else may have added or removed it here meanwhile; what etcd says counts. */
  #place(server: Server, isThere: boolean): boolean {
    const { url, ...change } = server;
    try {
      if (isThere) this.#balancer.update(url, change);
      else this.#balancer.add(server);
      return !isThere;
    } catch (error) {
      if (hasCode(error, "not_found")) this.#balancer.add(server);
      else if (hasCode(error, "already_exists")) this.#balancer.update(url, change);
      else throw error;
      return isThere;
    }
  }
}

function isSame(one: Server, other: Server): boolean {
  return diffServers([one], [other]).changed.length === 0;
}

function hasCode(error: unknown, code: BalancerError["code"]): boolean {
  return error instanceof BalancerError && error.code === code;
}
