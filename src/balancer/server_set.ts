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

/** Parts of a {@linkcode ServerSet}. */
export interface ServerSetParts {
  /** All servers, including discovered ones. */
  readonly registry: Registry;
  /** Holds the connections to them. */
  readonly transport: Transport;
  /** Clock. */
  readonly clock: Clock;
  /** The first sources. */
  readonly sources: readonly ServerInit[];
  /** Settings of the balancer. */
  readonly settings: Pick<Settings, "dns">;
  /** Waits until all changes so far hold on every thread. */
  readonly settled: () => Promise<void>;
}

/** The configured servers of a balancer: single servers, and sources of discovered ones. */
export class ServerSet implements Disposable {
  readonly #parts: ServerSetParts;
  readonly #registry: Registry;
  readonly #discovery: DnsDiscovery;
  /** The current {@linkcode set}, which the next one waits for. */
  #setting: Promise<unknown> = Promise.resolve();

  /** @param parts The parts. */
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
    for (const source of parts.sources) this.#discovery.add(completeServer(source));
  }

  /** The servers and the sources, with the changes since they were added. */
  configured(): Server[] {
    return [...this.#singleServers(), ...this.#discovery.sources()];
  }

  /** The sources with this key. */
  findSources({ url, name }: ServerKey): Server[] {
    if (name !== undefined) {
      return this.#discovery.sources().filter((source) => source.name === name);
    }
    const source = this.#discovery.find(url);
    return source === undefined ? [] : [source];
  }

  /** The sources and their discovered servers. */
  reports(): DiscoveryReport[] {
    return this.#discovery.reports();
  }

  /** Waits up to 5 seconds until each source was looked up once, with or without success. */
  async ready(): Promise<void> {
    await this.#discovery.ready();
  }

  /** Adds a server or a source, see `LoadBalancer.add`. */
  add(init: ServerInit): Server {
    const server = completeServer(checkServer(init));
    const { url } = server;
    if (this.#discovery.find(url) !== undefined) throw alreadyExists(url);
    if (server.discover === undefined) return this.#addServer(server);
    if (this.#registry.find(url) !== undefined) throw alreadyExists(url);
    this.#discovery.add(server);
    return server;
  }

  /** Changes a server or a source, see `LoadBalancer.update`. */
  update(url: string, change: ServerChange): Server {
    const { url: _, ...checked } = checkChange(url, change);
    const server = this.#get(url);
    const { discover = server.discover } = checked;
    checkDiscoverKept(server, discover);
    if (discover !== undefined) return this.#discovery.update(url, checked);
    return this.#registry.update(url, checked).server;
  }

  /** Removes a server, or a source and its servers, see `LoadBalancer.remove`. */
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
   * @throws {BalancerError} `invalid`, or `discovered` for a source.
   */
  checkable(url: string): string {
    const canonical = canonicalServerUrl(checkServer({ url }).url);
    if (this.#discovery.find(canonical) === undefined) return canonical;
    throw new BalancerError(
      "discovered",
      `Cannot check ${canonical}: it is a source; check one of its discovered servers`,
    );
  }

  /** Replaces the servers and the sources, see `LoadBalancer.setServers`. */
  async set(inits: readonly ServerInit[]): Promise<ServerDiff> {
    const all = checkServers(inits).map(completeServer);
    // One at a time: each waits between adding servers and removing others.
    const before = this.#setting;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#setting = promise;
    try {
      await before;
      return await this.#set(all.filter((server) => !isSource(server)), all.filter(isSource));
    } finally {
      resolve();
    }
  }

  /** Stops the lookups. */
  [Symbol.dispose](): void {
    this.#discovery[Symbol.dispose]();
  }

  async #set(servers: readonly Server[], sources: readonly Server[]): Promise<ServerDiff> {
    const single = this.#registry.mergeIn(servers);
    const discovered = diffServers(this.#discovery.sources(), sources);
    for (const source of discovered.added) this.#discovery.add(source);
    for (const { url, ...change } of discovered.changed) this.#discovery.update(url, change);
    await this.#settled();
    // Another caller may have removed it in the meantime.
    const stale = single.removed.filter(({ url }) => this.#isSingle(url));
    for (const { url } of stale) this.#discovery.release(url);
    for (const { url } of discovered.removed) {
      if (this.#discovery.find(url) !== undefined) this.#discovery.remove(url);
    }
    await this.#parts.settled();
    return {
      added: [...single.added, ...discovered.added],
      changed: [...single.changed, ...discovered.changed],
      removed: [...single.removed, ...discovered.removed],
    };
  }

  async #settled(): Promise<void> {
    await this.ready();
    await this.#parts.settled();
  }

  #addServer(server: Server): Server {
    const source = this.#registry.find(server.url)?.server.discoveredBy;
    if (source === undefined) return this.#registry.add(server).server;
    throw alreadyDiscovered(server.url, source);
  }

  /**
   * The configured server or source with this URL.
   *
   * @throws {BalancerError} `not_found`, or `discovered` for a discovered server.
   */
  #get(url: string): Server {
    const canonical = canonicalServerUrl(url);
    const server = this.#discovery.find(canonical) ?? this.#registry.find(canonical)?.server;
    if (server === undefined) throw notFound(url);
    if (server.discoveredBy !== undefined) throw isDiscovered(canonical, server.discoveredBy);
    return server;
  }

  #singleServers(): Server[] {
    return this.#registry.entries().map(({ server }) => server)
      .filter((server) => server.discoveredBy === undefined);
  }

  #isSingle(url: string): boolean {
    const server = this.#registry.find(url)?.server;
    return server !== undefined && server.discoveredBy === undefined;
  }

  /** Closes the connections to a server that was removed, or must have another name in TLS. */
  #forget(event: RegistryEvent): void {
    const { transport } = this.#parts;
    const { url, discoveredBy } = event.entry.server;
    if (event.type === "removed") transport.forget(url, event.drain);
    else if (event.type === "updated" && event.previous.discoveredBy !== discoveredBy) {
      transport.forget(url);
    }
  }
}

function isSource({ discover }: Server): boolean {
  return discover !== undefined;
}
