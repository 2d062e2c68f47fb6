import { alreadyDiscovered, type DiscoveryReport, isDiscovered } from "../model/discovery.ts";
import type { Clock } from "../runtime/clock.ts";
import { BalancerError } from "../model/errors.ts";
import { alreadyExists, notFound, type Registry, type RegistryEvent } from "../state/registry.ts";
import {
  canonicalServerUrl,
  completeServer,
  type Server,
  type ServerChange,
  type ServerInit,
  type ServerKey,
} from "../model/server.ts";
import { diffServers, type ServerDiff } from "../model/server_diff.ts";
import type { Settings } from "../model/settings.ts";
import { checkDiscoverKept } from "../config/discover_change.ts";
import { drainSchema } from "../config/settings_schema.ts";
import { validate } from "../config/validate.ts";
import { DnsDiscovery } from "../discovery/dns_discovery.ts";
import { checkChange, checkServer, checkServers } from "./check_servers.ts";
import type { Transport } from "../upstream/transport.ts";

/** What a {@linkcode ServerSet} works with. */
export interface ServerSetParts {
  /** The servers, those that were found as well. */
  readonly registry: Registry;
  /** What has the connections to them. */
  readonly transport: Transport;
  /** The time and the timers. */
  readonly clock: Clock;
  /** The first entries. */
  readonly entries: readonly ServerInit[];
  /** Settings of the balancer. */
  readonly settings: Pick<Settings, "dns">;
  /** Waits until every thread knows the changes that were made. */
  readonly settled: () => Promise<void>;
}

/**
 * The servers of a balancer as they are given: single ones, and entries that stand for those which
 * are found.
 */
export class ServerSet implements Disposable {
  readonly #parts: ServerSetParts;
  readonly #registry: Registry;
  readonly #discovery: DnsDiscovery;
  /** The latest {@linkcode set}, which the next one waits for. */
  #setting: Promise<unknown> = Promise.resolve();

  /** @param parts What to work with. */
  constructor(parts: ServerSetParts) {
    const { registry, clock, settled, settings } = this.#parts = parts;
    this.#registry = registry;
    registry.subscribe((event) => this.#forget(event));
    this.#discovery = new DnsDiscovery({
      registry,
      clock,
      settled,
      makeResolver: async () => {
        const { makeDnsClient } = await import("../discovery/make_dns_client.ts");
        return makeDnsClient(settings.dns ?? {}, clock);
      },
    });
    for (const entry of parts.entries) this.#discovery.add(completeServer(entry));
  }

  /** The servers and the entries as they were given, and changed since. */
  given(): Server[] {
    return [...this.#givenServers(), ...this.#discovery.entries()];
  }

  /** The entries that a key is for. */
  findEntries({ url, name }: ServerKey): Server[] {
    if (name !== undefined) return this.#discovery.entries().filter((entry) => entry.name === name);
    const entry = this.#discovery.find(url);
    return entry === undefined ? [] : [entry];
  }

  /** What the entries have found. */
  reports(): DiscoveryReport[] {
    return this.#discovery.reports();
  }

  /** Waits until each entry was looked up once, whatever came of it, for 5 seconds at most. */
  async ready(): Promise<void> {
    await this.#discovery.ready();
  }

  /** Adds a server or an entry, see `LoadBalancer.add`. */
  add(init: ServerInit): Server {
    const server = completeServer(checkServer(init));
    const { url } = server;
    if (this.#discovery.find(url) !== undefined) throw alreadyExists(url);
    if (server.discover === undefined) return this.#addServer(server);
    if (this.#registry.find(url) !== undefined) throw alreadyExists(url);
    this.#discovery.add(server);
    return server;
  }

  /** Changes a server or an entry, see `LoadBalancer.update`. */
  update(url: string, change: ServerChange): Server {
    const { url: _, ...checked } = checkChange(url, change);
    const server = this.#get(url);
    const { discover = server.discover } = checked;
    checkDiscoverKept(server, discover);
    if (discover !== undefined) return this.#discovery.update(url, checked);
    return this.#registry.update(url, checked).server;
  }

  /** Removes a server or an entry with its servers, see `LoadBalancer.remove`. */
  remove(url: string, drain?: number): Server {
    checkServer({ url });
    if (drain !== undefined) validate(drainSchema, drain, "the time", "drain");
    const server = this.#get(url);
    if (server.discover !== undefined) return this.#discovery.remove(url, drain);
    return this.#registry.remove(url, drain).server;
  }

  /**
   * The URL of a server that can be checked.
   *
   * @param url The URL, in any spelling.
   * @throws {BalancerError} `invalid`, or `discovered` for an entry.
   */
  checkable(url: string): string {
    const canonical = canonicalServerUrl(checkServer({ url }).url);
    if (this.#discovery.find(canonical) === undefined) return canonical;
    throw new BalancerError(
      "discovered",
      `Cannot check ${canonical}: it is an entry; check one of the servers that it has discovered`,
    );
  }

  /** Makes these the servers and the entries, see `LoadBalancer.setServers`. */
  async set(inits: readonly ServerInit[]): Promise<ServerDiff> {
    const all = checkServers(inits).map(completeServer);
    // What one wants removed, the one before may still be waiting to add, and the other way round.
    const before = this.#setting;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#setting = promise;
    try {
      await before;
      return await this.#set(all.filter((server) => !isEntry(server)), all.filter(isEntry));
    } finally {
      resolve();
    }
  }

  /** Looks nothing up any more. */
  [Symbol.dispose](): void {
    this.#discovery[Symbol.dispose]();
  }

  async #set(servers: readonly Server[], entries: readonly Server[]): Promise<ServerDiff> {
    const single = this.#registry.mergeIn(servers);
    const found = diffServers(this.#discovery.entries(), entries);
    for (const entry of found.added) this.#discovery.add(entry);
    for (const { url, ...change } of found.changed) this.#discovery.update(url, change);
    await this.#settled();
    // In the meantime, somebody else may have removed it.
    const stale = single.removed.filter(({ url }) => this.#isGiven(url));
    for (const { url } of stale) this.#discovery.release(url);
    for (const { url } of found.removed) {
      if (this.#discovery.find(url) !== undefined) this.#discovery.remove(url);
    }
    await this.#parts.settled();
    return {
      added: [...single.added, ...found.added],
      changed: [...single.changed, ...found.changed],
      removed: [...single.removed, ...found.removed],
    };
  }

  async #settled(): Promise<void> {
    await this.ready();
    await this.#parts.settled();
  }

  #addServer(server: Server): Server {
    const entry = this.#registry.find(server.url)?.server.discoveredBy;
    if (entry === undefined) return this.#registry.add(server).server;
    throw alreadyDiscovered(server.url, entry);
  }

  /** What was given with this URL; throws where nothing was. */
  #get(url: string): Server {
    const canonical = canonicalServerUrl(url);
    const server = this.#discovery.find(canonical) ?? this.#registry.find(canonical)?.server;
    if (server === undefined) throw notFound(url);
    if (server.discoveredBy !== undefined) throw isDiscovered(canonical, server.discoveredBy);
    return server;
  }

  #givenServers(): Server[] {
    return this.#registry.entries().map(({ server }) => server)
      .filter((server) => server.discoveredBy === undefined);
  }

  #isGiven(url: string): boolean {
    const server = this.#registry.find(url)?.server;
    return server !== undefined && server.discoveredBy === undefined;
  }

  /** Closes what connections there are to a server that is gone, or has another name for TLS. */
  #forget(event: RegistryEvent): void {
    const { transport } = this.#parts;
    const { url, discoveredBy } = event.entry.server;
    if (event.type === "removed") transport.forget(url, event.drain);
    else if (event.type === "updated" && event.previous.discoveredBy !== discoveredBy) {
      transport.forget(url);
    }
  }
}

function isEntry({ discover }: Server): boolean {
  return discover !== undefined;
}
