import { BalancerError } from "../../model/errors.ts";
import { isSame } from "../../model/server_diff.ts";
import { completeServer, type Server } from "../../model/server.ts";
import type { LoadBalancer } from "../../balancer/load_balancer.ts";

/** Applies servers to a balancer one by one: a server that it refuses does not affect the others. */
export class ServerApplier {
  readonly #balancer: LoadBalancer;
  readonly #applied: Map<string, Server>;
  readonly #refused = new Map<string, { readonly server: Server; readonly why: string }>();

  /** @param balancer The balancer. The servers that it already has count as applied. */
  constructor(balancer: LoadBalancer) {
    this.#balancer = balancer;
    const servers = balancer.config().servers.map(completeServer);
    this.#applied = new Map(servers.map((server) => [server.url, server]));
  }

  /** URLs of the applied servers. */
  get urls(): string[] {
    return [...this.#applied.keys()];
  }

  /** The server as last applied; undefined if there is none. */
  find(url: string): Server | undefined {
    return this.#applied.get(url);
  }

  /** Why the balancer refuses a server; undefined if it does not. */
  refusal(url: string): string | undefined {
    return this.#refused.get(url)?.why;
  }

  /** The refused servers, with the reasons. */
  refusals(): [url: string, why: string][] {
    return [...this.#refused].map(([url, { why }]) => [url, why]);
  }

  /**
   * Adds a server, or updates it if it differs.
   *
   * @returns Whether it was added.
   */
  put(server: Server): boolean {
    const { url } = server;
    const known = this.#applied.get(url);
    this.#refused.delete(url);
    if (known !== undefined && isSame(known, server)) return false;
    // An update cannot turn a server into a source, nor a source into a server.
    const isReplaced = known !== undefined && known.discover !== server.discover;
    if (isReplaced) this.#discard(url, undefined);
    const before = isReplaced ? undefined : known;
    try {
      const isNew = this.#addOrUpdate(server, before !== undefined);
      this.#applied.set(url, server);
      return isNew;
    } catch (error) {
      if (!(error instanceof BalancerError)) throw error;
      this.#refused.set(url, { server, why: error.message });
      return false;
    }
  }

  /** Removes a server; its requests in flight are aborted after `drain` seconds, or never. */
  remove(url: string, drain: number | undefined): void {
    this.#refused.delete(url);
    if (!this.#applied.has(url)) return;
    this.#discard(url, drain);
    // This may have freed a slot for another one.
    this.retry();
  }

  /** Retries the refused servers. */
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

  /** Adds or updates a server. It may have been added or removed here meanwhile; etcd wins. */
  #addOrUpdate(server: Server, exists: boolean): boolean {
    const { url, ...change } = server;
    try {
      if (exists) this.#balancer.update(url, change);
      else this.#balancer.add(server);
      return !exists;
    } catch (error) {
      if (hasCode(error, "not_found")) this.#balancer.add(server);
      else if (hasCode(error, "already_exists")) this.#balancer.update(url, change);
      else throw error;
      return exists;
    }
  }
}

function hasCode(error: unknown, code: BalancerError["code"]): boolean {
  return error instanceof BalancerError && error.code === code;
}
