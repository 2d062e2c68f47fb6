import { checkServers } from "../balancer/check_servers.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { DEFAULT_DISTRUST, distrustSchema } from "../config/etcd_schema.ts";
import { validate } from "../config/validate.ts";
import type { ClusterReport } from "../model/cluster_report.ts";
import { BalancerError } from "../model/errors.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { Server, ServerChange, ServerInit } from "../model/server.ts";
import type { Clock } from "../runtime/clock.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { Cluster } from "./cluster.ts";
import type { ClusterOptions } from "./cluster_options.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";
import { type Etcd, EtcdError } from "./etcd/etcd_types.ts";
import type { JoinedCluster } from "./joined_cluster.ts";
import { Connectivity } from "./store/connectivity.ts";
import { heldWarnings } from "./store/held_removals.ts";
import { type KeyListener, KeyRouter } from "./store/key_router.ts";
import { KeyWatcher } from "./store/key_watcher.ts";
import { Seeder } from "./store/seeder.ts";
import { ServerChanges } from "./store/server_changes.ts";
import { DEFAULT_PREFIX, SharedKeys } from "./store/shared_keys.ts";
import { SharedServers } from "./store/shared_servers.ts";

/** Options of a {@linkcode SharedRegistry}. */
export interface SharedRegistryOptions {
  /** The etcd client, which is disposed of with the registry. */
  readonly etcd: Etcd & Partial<Disposable>;
  /** Prefix of all keys. Default: `/ballast/`. */
  readonly prefix?: string;
  /** Initial servers, written if etcd has none yet. Default: none. */
  readonly seed?: readonly ServerInit[];
  /** The balancer's name and role in the cluster. Default: it publishes nothing about itself. */
  readonly fleet?: ClusterOptions;
  /** See {@linkcode JoinOptions.distrust}. Default: 30. */
  readonly distrust?: number;
  /** The clock and its timers. Default: those of the system. */
  readonly clock?: Clock;
  /** Returns a number in [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * The servers that several balancers share through etcd. After joining, the balancer has the servers
 * in etcd and follows their changes. Make changes here rather than on the balancer: they go to etcd,
 * and reach this balancer like any other.
 */
export class SharedRegistry implements JoinedCluster {
  /** The etcd client. */
  readonly etcd: Etcd & Partial<Disposable>;
  /** The keys in etcd. */
  readonly keys: SharedKeys;
  /** The balancer. */
  readonly balancer: LoadBalancer;
  readonly #abort = new AbortController();
  readonly #connectivity: Connectivity;
  readonly #router: KeyRouter;
  readonly #servers: SharedServers;
  readonly #watcher: KeyWatcher;
  readonly #seeder: Seeder;
  readonly #changes: ServerChanges;
  readonly #denied = Promise.withResolvers<never>();
  readonly #cluster: Cluster | undefined;
  #running: Promise<void> | undefined;
  #runningCluster: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * Prepares the registry; {@linkcode SharedRegistry.join} starts it.
   *
   * @param balancer The balancer that gets the servers.
   * @param options The etcd client and the initial servers.
   * @throws {BalancerError} `invalid` or `already_exists` for an invalid prefix or seed.
   */
  constructor(balancer: LoadBalancer, options: SharedRegistryOptions) {
    const { etcd, prefix = DEFAULT_PREFIX, seed = [], distrust = DEFAULT_DISTRUST } = options;
    const { clock = systemClock, random = Math.random } = options;
    validate(distrustSchema, distrust, "the options", "distrust");
    this.balancer = balancer;
    this.etcd = etcd;
    const keys = this.keys = new SharedKeys(prefix);
    const connectivity = this.#connectivity = new Connectivity(clock);
    const context = { etcd, connectivity, clock, random };
    const servers = this.#servers = new SharedServers(context, { balancer, keys, distrust });
    const router = this.#router = new KeyRouter(keys.prefix);
    const revision = () => this.#watcher.revision;
    if (options.fleet !== undefined) {
      const cluster = new Cluster(context, { balancer, keys, revision }, options.fleet);
      this.#cluster = cluster;
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
    this.#denied.promise.catch(() => {});
  }

  /**
   * Adds a listener for a part of the prefix, such as `members/`: one that sorts from `health/` to
   * `servers/`. Call it before {@linkcode SharedRegistry.join}.
   */
  listen(part: `${string}/`, listener: KeyListener): void {
    this.#router.add([part], listener);
  }

  /**
   * Starts watching etcd, and returns when the balancer has the servers in etcd. While etcd is
   * unreachable, the connection is retried and the balancer keeps its own servers.
   *
   * @param signal Ends the wait, but not the watching.
   * @throws {EtcdError} If etcd denies access; it is retried all the same.
   */
  async join(signal?: AbortSignal): Promise<void> {
    this.#running ??= this.#run();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = () => resolve();
    if (signal?.aborted) return;
    signal?.addEventListener("abort", stop, { once: true });
    await Promise.race([this.#connectivity.firstUp, this.#denied.promise, promise]);
    signal?.removeEventListener("abort", stop);
  }

  /** Connectivity to etcd, and the keys there that are not in use here. */
  get registry(): RegistryReport {
    const { isUp: connected, since, error } = this.#connectivity;
    const faults = [...this.#servers.faults(), ...this.#cluster?.faults() ?? []]
      .sort((one, other) => one.key < other.key ? -1 : 1);
    const balancers = this.#cluster === undefined ? {} : { balancers: this.#cluster.size };
    const { revision } = this.#watcher;
    const { heldRemovals } = this.#servers;
    const warnings = [...heldWarnings(heldRemovals), ...this.#cluster?.warnings() ?? []];
    const details = { ...balancers, ...(heldRemovals && { heldRemovals }), warnings, faults };
    return { kind: "etcd", connected, since, error, revision, ...details };
  }

  /**
   * Adds a server on every balancer; on this one, before it returns.
   *
   * @throws {BalancerError} `invalid`, `already_exists`, `not_permitted`, `closed`; `conflict` if
   * another writer was faster; `unavailable` if etcd cannot be reached. In all these cases nothing has
   * changed. `unconfirmed` if the change was sent and its outcome is unknown.
   */
  async add(server: ServerInit): Promise<Server> {
    this.#checkOpen();
    return await this.#settle(this.#changes.add(server));
  }

  /**
   * Updates a server on every balancer; on this one, before it returns.
   *
   * @param url The server's URL, in any spelling.
   * @param change The fields to change.
   * @param seen The expected state of the server; any other is a `conflict`. Default: any.
   * @throws {BalancerError} As {@linkcode SharedRegistry.add}, or `not_found`.
   */
  async update(url: string, change: ServerChange, seen?: Server): Promise<Server> {
    this.#checkOpen();
    return await this.#settle(this.#changes.update(url, change, seen));
  }

  /**
   * Removes a server on every balancer; on this one, before it returns.
   *
   * @param url The server's URL, in any spelling.
   * @param drain How long its requests in flight may continue, in seconds. Default: no limit.
   * @param seen The expected state of the server; any other is a `conflict`. Default: any.
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
    const verify = this.#connectivity.isUp ? { verify: this.keys.watched } : {};
    await this.etcd.setCredentials(credentials, { ...verify, signal });
  }

  /** Reports the balancers that are up; none without the option `fleet`. */
  async report(): Promise<ClusterReport> {
    if (this.#cluster !== undefined) return await this.#cluster.report();
    return { self: this.balancer.events.run, members: [], disagreements: [], error: undefined };
  }

  /** Stops watching etcd. The balancer keeps its servers. Harmless a second time. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#abort.abort();
    await Promise.all([this.#running, this.#runningCluster]);
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
      if (error instanceof EtcdError && error.failure === "denied") this.#denied.reject(error);
      this.#connectivity.down(error);
    });
    this.#connectivity.firstUp.then(() => this.#runningCluster = this.#cluster?.run(signal));
    await this.#watcher.run(signal);
  }
}
