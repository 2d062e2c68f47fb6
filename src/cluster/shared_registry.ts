import type { Clock } from "../runtime/clock.ts";
import { BalancerError } from "../model/errors.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit } from "../model/server.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { validate } from "../config/validate.ts";
import { DEFAULT_DISTRUST, distrustSchema } from "../config/etcd_schema.ts";
import { checkServers } from "../balancer/check_servers.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { Connection } from "./store/connection.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";
import { type Etcd, EtcdError } from "./etcd/etcd_types.ts";
import { Cluster } from "./cluster.ts";
import { KeyWatcher } from "./store/key_watcher.ts";
import type { KeyOwner } from "./store/key_owner.ts";
import { KeyOwners } from "./store/key_owners.ts";
import { heldWarnings } from "./store/held_removals.ts";
import { Seeder } from "./store/seeder.ts";
import { ServerChanges } from "./store/server_changes.ts";
import { ServerWriter } from "./store/server_writer.ts";
import { DEFAULT_PREFIX, SharedKeys } from "./store/shared_keys.ts";
import type { JoinedCluster } from "./joined_cluster.ts";
import type { SharedRegistryOptions } from "./shared_registry_options.ts";
import { SharedServers } from "./store/shared_servers.ts";

/**
 * The servers that several balancers share through etcd. Once it has joined, the balancer has the
 * servers that etcd has, and follows every change of them. Changes are made here, and not at the
 * balancer itself: they go to etcd, and come back to this balancer like to any other.
 */
export class SharedRegistry implements JoinedCluster {
  /** What keeps the servers. */
  readonly etcd: Etcd & Partial<Disposable>;
  /** The keys. */
  readonly keys: SharedKeys;
  /** The balancer that has the servers. */
  readonly balancer: LoadBalancer;
  /** The time and the timers. */
  readonly clock: Clock;
  readonly #random: () => number;
  readonly #abort = new AbortController();
  readonly #connection: Connection;
  readonly #owners: KeyOwners;
  readonly #servers: SharedServers;
  readonly #follower: KeyWatcher;
  readonly #seeder: Seeder;
  readonly #changes: ServerChanges;
  readonly #refused = Promise.withResolvers<never>();
  readonly #fleet: Cluster | undefined;
  #running: Promise<void> | undefined;
  #inFleet: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Prepares it; {@linkcode SharedRegistry.join} begins.
   *
   * @param balancer Whose servers shall be those of etcd.
   * @param options What to work with.
   * @throws {BalancerError} `invalid` or `already_exists`, if the prefix or the seed cannot be used.
   */
  constructor(balancer: LoadBalancer, options: SharedRegistryOptions) {
    const { etcd, prefix = DEFAULT_PREFIX, seed = [], distrust = DEFAULT_DISTRUST } = options;
    const { clock = systemClock, random = Math.random } = options;
    validate(distrustSchema, distrust, "the options", "distrust");
    this.balancer = balancer;
    this.etcd = etcd;
    this.clock = clock;
    this.#random = random;
    const keys = this.keys = new SharedKeys(prefix);
    const connection = this.#connection = new Connection(clock);
    const servers = this.#servers = new SharedServers({
      balancer,
      keys,
      distrust,
      connection,
      clock,
    });
    const owners = this.#owners = new KeyOwners(keys.prefix);
    const revision = () => this.#follower.revision;
    if (options.fleet !== undefined) {
      const fleet = new Cluster({ balancer, etcd, keys, revision, clock, random }, options.fleet);
      this.#fleet = fleet;
      // Before the servers: who checks them is to be known when they come.
      this.follow("members/", fleet.members);
      this.follow("health/", fleet.health);
    }
    // Both end with the same, so that a removal is known before the server is gone.
    owners.add(["removals/", "servers/"], servers);
    this.#seeder = new Seeder({ etcd, keys, servers: checkServers(seed), clock });
    const common = { etcd, connection, clock, random };
    const follower = this.#follower = new KeyWatcher({
      ...common,
      keys: keys.followed,
      owner: owners,
    });
    this.#changes = new ServerChanges({
      keys,
      servers,
      follower,
      clock,
      writer: new ServerWriter(common),
      signal: this.#abort.signal,
    });
    // Nobody may be waiting.
    this.#refused.promise.catch(() => {});
  }

  /**
   * Lets somebody follow the keys of a part of the prefix, such as `members/`: one that sorts from
   * `health/` to `servers/`. To be called before {@linkcode SharedRegistry.join}.
   */
  follow(part: `${string}/`, owner: KeyOwner): void {
    this.#owners.add([part], owner);
  }

  /**
   * Begins to follow etcd, and returns when the balancer has the servers of etcd. While etcd is
   * away, it is tried again and again; meanwhile, the balancer keeps the servers that it has.
   *
   * @param signal Ends the wait, and not the following.
   * @throws {EtcdError} If etcd says that this user may not; it goes on trying.
   */
  async join(signal?: AbortSignal): Promise<void> {
    this.#running ??= this.#run();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    if (signal?.aborted) return;
    signal?.addEventListener("abort", stop, { once: true });
    await Promise.race([this.#connection.reached, this.#refused.promise, promise]);
    signal?.removeEventListener("abort", stop);
  }

  /** Whether etcd can be reached, and what it has that is not used here. */
  get registry(): RegistryReport {
    const { connected, since, error } = this.#connection;
    const faults = [...this.#servers.faults(), ...this.#fleet?.faults() ?? []]
      .sort((one, other) => one.key < other.key ? -1 : 1);
    const fleet = this.#fleet === undefined ? {} : { balancers: this.#fleet.size };
    const { revision } = this.#follower;
    const { heldRemovals } = this.#servers;
    const warnings = [...heldWarnings(heldRemovals), ...this.#fleet?.warnings() ?? []];
    const told = { ...fleet, ...(heldRemovals && { heldRemovals }), warnings, faults };
    return { kind: "etcd", connected, since, error, revision, ...told };
  }

  /**
   * Adds a server on every balancer. This one has it when it returns.
   *
   * @throws {BalancerError} `invalid`, `already_exists`, `not_permitted`, `closed`; `conflict` if
   * somebody else was faster; `unavailable` if etcd cannot be reached. Then, nothing has changed.
   * `unconfirmed` if it was sent, and nobody knows whether it was taken.
   */
  async add(server: ServerInit): Promise<Server> {
    this.#checkOpen();
    return await this.#settle(this.#changes.add(server));
  }

  /**
   * Changes a server on every balancer. This one has changed it when it returns.
   *
   * @param url The server's URL, in any spelling.
   * @param change What is different; what is left out keeps its value.
   * @param seen What the caller has decided by: if the server is something else, it is a `conflict`.
   * @throws {BalancerError} As {@linkcode SharedRegistry.add}, or `not_found`.
   */
  async update(url: string, change: ServerChange, seen?: Server): Promise<Server> {
    this.#checkOpen();
    return await this.#settle(this.#changes.update(url, change, seen));
  }

  /**
   * Removes a server on every balancer. This one has removed it when it returns.
   *
   * @param url The server's URL, in any spelling.
   * @param drain For how long requests that it works on may go on, in seconds. Default: no limit.
   * @param seen What the caller has decided by: if the server is something else, it is a `conflict`.
   * @throws {BalancerError} As {@linkcode SharedRegistry.add}, or `not_found`.
   */
  async remove(url: string, drain?: number, seen?: Server): Promise<Server> {
    this.#checkOpen();
    return await this.#settle(this.#changes.remove(url, drain, seen));
  }

  /** See {@linkcode JoinedCluster.acceptServers}. */
  async acceptServers(): Promise<readonly string[]> {
    this.#checkOpen();
    const urls = await this.#changes.acceptRemovals();
    await this.balancer.settled();
    return urls;
  }

  /** See {@linkcode JoinedCluster.setCredentials}. */
  async setCredentials(credentials: EtcdCredentials): Promise<void> {
    const { signal } = this.#abort;
    const verify = this.#connection.connected ? { verify: this.keys.followed } : {};
    await this.etcd.setCredentials(credentials, { ...verify, signal });
  }

  /** Reports the balancers that are up; none without the option `fleet`. */
  async fleet(): Promise<ClusterReport> {
    if (this.#fleet !== undefined) return await this.#fleet.report();
    return { self: this.balancer.events.run, members: [], disagreements: [], error: undefined };
  }

  /** Follows etcd no more. The balancer keeps its servers. Harmless a second time. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#running, this.#inFleet]);
    this.#servers[Symbol.dispose]();
    this.#fleet?.[Symbol.dispose]();
    this.etcd[Symbol.dispose]?.();
  }

  async #settle(change: Promise<Server>): Promise<Server> {
    const server = await change;
    await this.balancer.settled();
    return server;
  }

  #checkOpen(): void {
    if (!this.#abort.signal.aborted) return;
    throw new BalancerError("closed", "Cannot change the servers: the balancer is closed");
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    this.#fleet?.begin();
    await this.#seeder.runSteadily(signal, {
      random: this.#random,
      onFailure: (error) => {
        if (error instanceof EtcdError && error.failure === "denied") this.#refused.reject(error);
        this.#connection.away(error);
      },
    });
    this.#connection.reached.then(() => this.#inFleet = this.#fleet?.run(signal));
    await this.#follower.run(signal);
  }
}
