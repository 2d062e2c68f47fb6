import type { Config } from "../config/config.ts";
import type { Clock } from "../runtime/clock.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import type { DiscoveryReport } from "../model/discovery.ts";
import { BalancerError } from "../model/errors.ts";
import type { EventLog } from "../state/event_log.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit, ServerKey } from "../model/server.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { Traffic } from "../state/traffic_table.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { validate } from "../config/validate.ts";
import { DEFAULT_DISTRUST, distrustSchema } from "../config/etcd_schema.ts";
import { checkServers } from "../balancer/options.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { Connectivity } from "./store/connectivity.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";
import { type Etcd, EtcdError } from "./etcd/etcd_types.ts";
import { Cluster } from "./cluster.ts";
import { KeyWatcher } from "./store/key_watcher.ts";
import { type KeyListener, KeyRouter } from "./store/key_router.ts";
import { heldWarnings } from "./store/held_removals.ts";
import { Seeder } from "./store/seeder.ts";
import { ServerChanges } from "./store/server_changes.ts";
import { DEFAULT_PREFIX, SharedKeys } from "./store/shared_keys.ts";
import type { SharedBalancer } from "./shared_balancer.ts";
import type { SharedRegistryOptions } from "./shared_registry_options.ts";
import { SharedServers } from "./store/shared_servers.ts";

/**
 * The servers that several balancers share through etcd. Once it has joined, the balancer has the
 * servers that etcd has, and follows every change of them. Changes are made here, and not at the
 * balancer itself: they go to etcd, and come back to this balancer like to any other. Pass it to
 * `createAdmin` in the balancer's place.
 */
export class SharedRegistry implements SharedBalancer {
  /** What keeps the servers. */
  readonly etcd: Etcd & Partial<Disposable>;
  /** The keys. */
  readonly keys: SharedKeys;
  /** The balancer that has the servers. */
  readonly balancer: LoadBalancer;
  /** The time and the timers. */
  readonly clock: Clock;
  /** What has happened to the servers, and a way to hear of what will. */
  readonly events: EventLog;
  /** Why the latest requests went where they went. */
  readonly decisions: DecisionLog;
  /** Tells which balancers share the servers, and how they do. */
  readonly fleet?: () => Promise<ClusterReport>;
  readonly #abort = new AbortController();
  readonly #connectivity: Connectivity;
  readonly #router: KeyRouter;
  readonly #servers: SharedServers;
  readonly #watcher: KeyWatcher;
  readonly #seeder: Seeder;
  readonly #changes: ServerChanges;
  readonly #refused = Promise.withResolvers<never>();
  readonly #cluster: Cluster | undefined;
  #running: Promise<void> | undefined;
  #inCluster: Promise<void> | undefined;
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
    this.events = balancer.events;
    this.decisions = balancer.decisions;
    this.etcd = etcd;
    this.clock = clock;
    const keys = this.keys = new SharedKeys(prefix);
    const connectivity = this.#connectivity = new Connectivity(clock);
    const context = { etcd, connectivity, clock, random };
    const servers = this.#servers = new SharedServers(context, { balancer, keys, distrust });
    const router = this.#router = new KeyRouter(keys.prefix);
    const revision = () => this.#watcher.revision;
    if (options.fleet !== undefined) {
      const cluster = new Cluster(context, { balancer, keys, revision }, options.fleet);
      this.#cluster = cluster;
      this.fleet = () => cluster.report();
      // Before the servers, so that the owners of their checks are known when they arrive.
      this.listen("members/", cluster.members);
      this.listen("health/", cluster.health);
    }
    // One listener for both, so that a removal is known before its server disappears.
    router.add(["removals/", "servers/"], servers);
    this.#seeder = new Seeder(context, keys, checkServers(seed));
    const watcher = this.#watcher = new KeyWatcher(context, keys.watched, router);
    const { signal } = this.#abort;
    this.#changes = new ServerChanges(context, { keys, servers, watcher, signal });
    // There may be no caller waiting for it.
    this.#refused.promise.catch(() => {});
  }

  /**
   * Adds a listener for a part of the prefix, such as `members/`: one that sorts from `health/` to
   * `servers/`. Call it before {@linkcode SharedRegistry.join}.
   */
  listen(part: `${string}/`, listener: KeyListener): void {
    this.#router.add([part], listener);
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
    await Promise.race([this.#connectivity.firstUp, this.#refused.promise, promise]);
    signal?.removeEventListener("abort", stop);
  }

  /** Whether etcd can be reached, and what it has that is not used here. */
  get registry(): RegistryReport {
    const { isUp: connected, since, error } = this.#connectivity;
    const faults = [...this.#servers.faults(), ...this.#cluster?.faults() ?? []]
      .sort((one, other) => one.key < other.key ? -1 : 1);
    const fleet = this.#cluster === undefined ? {} : { balancers: this.#cluster.size };
    const { revision } = this.#watcher;
    const { heldRemovals } = this.#servers;
    const warnings = [...heldWarnings(heldRemovals), ...this.#cluster?.warnings() ?? []];
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

  /** See {@linkcode SharedBalancer.acceptServers}. */
  async acceptServers(): Promise<readonly string[]> {
    this.#checkOpen();
    const urls = await this.#changes.acceptRemovals();
    await this.balancer.settled();
    return urls;
  }

  /** See {@linkcode SharedBalancer.setCredentials}. */
  async setCredentials(credentials: EtcdCredentials): Promise<void> {
    const { signal } = this.#abort;
    const verify = this.#connectivity.isUp ? { verify: this.keys.watched } : {};
    await this.etcd.setCredentials(credentials, { ...verify, signal });
  }

  /** Checks a server's health now, see {@linkcode LoadBalancer.check}. */
  check(url: string): Promise<CheckReport> {
    return this.balancer.check(url);
  }

  /** What makes a balancer like this one is now. */
  config(): Config {
    return this.balancer.config();
  }

  /** The servers with how they are doing here. */
  servers(): ServerStatus[] {
    return this.balancer.servers();
  }

  /** The servers and the entries that a key is for, see {@linkcode LoadBalancer.find}. */
  find(key: ServerKey): (ServerStatus | Server)[] {
    return this.balancer.find(key);
  }

  /** The entries with `discover` and what they have found here. */
  discovery(): DiscoveryReport[] {
    return this.balancer.discovery();
  }

  /** What was counted here. */
  traffic(): Traffic {
    return this.balancer.traffic();
  }

  /** How many threads accept connections. */
  get workers(): number {
    return this.balancer.workers;
  }

  /** Waits until every change that was made so far holds on every thread. */
  settled(): Promise<void> {
    return this.balancer.settled();
  }

  /** Follows etcd no more. The balancer keeps its servers. Harmless a second time. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#running, this.#inCluster]);
    this.#servers[Symbol.dispose]();
    this.#cluster?.[Symbol.dispose]();
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
    this.#cluster?.begin();
    await this.#seeder.runWithRetry(signal, (error) => {
      if (error instanceof EtcdError && error.failure === "denied") this.#refused.reject(error);
      this.#connectivity.down(error);
    });
    this.#connectivity.firstUp.then(() => this.#inCluster = this.#cluster?.run(signal));
    await this.#watcher.run(signal);
  }
}
