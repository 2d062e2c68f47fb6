import { ControlPlane } from "./control_plane.ts";
import type { Config } from "../config/config.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import type { DiscoveryReport } from "../model/discovery.ts";
import { BalancerError } from "../model/errors.ts";
import type { EventLog } from "../state/event_log.ts";
import type { Server, ServerChange, ServerInit, ServerKey } from "../model/server.ts";
import type { ServerDiff } from "../model/server_diff.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";
import type { HealthCheck } from "../model/settings.ts";
import { StateTable } from "../state/state_table.ts";
import { allocateMemory, DEFAULT_CAPACITY } from "../state/table_memory.ts";
import { TrafficTable } from "../state/traffic_table.ts";
import type { Traffic } from "../state/traffic.ts";
import { DataPlane } from "../workers/data_plane.ts";
import type { CheckSharing } from "../health/check_sharing.ts";
import { checkCertificate } from "../fronts/web/certificate.ts";
import type { Listener, ListenOptions } from "../fronts/web/listener.ts";
import { listenTls } from "../fronts/web/tls_listener.ts";
import {
  checkBalancerOptions,
  type CheckedOptions,
  checkHealthCheck,
  checkListenOptions,
  type LoadBalancerOptions,
} from "./options.ts";
import type { RequestInfo } from "../proxy/incoming_request.ts";
import { ServerSet } from "./server_set.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { startListener, WorkerPool, type WorkerPoolOptions } from "../workers/worker_pool.ts";

/**
 * An HTTP load balancer over a set of servers, which accepts requests through
 * {@linkcode LoadBalancer.listen} or {@linkcode LoadBalancer.fetch}.
 *
 * By default, each request goes to the healthy server with the fewest active requests relative to
 * its weight; `policy` changes that. Unhealthy servers are used only if no healthy server is left.
 * A server's health checks start when it is added.
 *
 * @example Balance over two servers
 * ```ts
 * import { LoadBalancer } from "@ballast/lb";
 *
 * await using balancer = new LoadBalancer({
 *   servers: [{ url: "http://127.0.0.1:3001", weight: 2 }, { url: "http://127.0.0.1:3002" }],
 * });
 * const listener = await balancer.listen({ port: 0 }); // 0 takes a free port
 * balancer.add({ url: "http://127.0.0.1:3003" });
 * console.log(listener.addr.port, balancer.servers());
 * await listener.shutdown(); // lets active requests finish
 * ```
 */
export class LoadBalancer implements AsyncDisposable {
  readonly #control: ControlPlane;
  readonly #servers: ServerSet;
  readonly #plane: DataPlane;
  readonly #options: CheckedOptions;
  readonly #makePool: (
    where: Pick<WorkerPoolOptions, "hostname" | "port" | "certificate">,
  ) => WorkerPool;
  #config: Config;
  #pool: WorkerPool | undefined;
  /** The latest changes of servers and their health, and subscriptions to new ones. */
  readonly events: EventLog;
  /** Recent routing decisions; {@linkcode DecisionLog.keep} turns recording on. */
  readonly decisions: DecisionLog;
  #closed = false;

  /**
   * Creates a balancer. It accepts connections only after {@linkcode LoadBalancer.listen}.
   *
   * @param options The initial servers and the settings.
   * @throws {BalancerError} `invalid` with every fault, `already_exists`, or `not_permitted`.
   */
  constructor(options: LoadBalancerOptions = {}) {
    const checked = this.#options = checkBalancerOptions(options);
    const { workers, policy, settings, writeAccessLog, config } = checked;
    this.#config = config;
    // This thread needs memory too: it handles the requests of `fetch`.
    const memory = allocateMemory(DEFAULT_CAPACITY, workers === 1 ? 1 : workers + 1);
    const table = new StateTable(memory);
    const traffic = new TrafficTable(memory);
    this.#control = new ControlPlane({
      table,
      traffic,
      clock: systemClock,
      opens: () => !this.#pool?.running,
      ...checked,
    });
    const { registry, events, decisions, report } = this.#control;
    this.events = events;
    this.decisions = decisions;
    const parts = { registry, table, report, decisions, writeAccessLog };
    this.#plane = new DataPlane({ ...parts, traffic, settings: { ...settings, policy } });
    this.#makePool = (where) =>
      new WorkerPool({ ...parts, clock: systemClock, settings, ...where });
    const { transport } = this.#plane;
    this.#control.startChecks(settings.healthCheck, transport);
    const settled = async () => await this.#pool?.settled();
    this.#servers = new ServerSet({ registry, transport, clock: systemClock, settled, ...checked });
  }

  /**
   * Forwards a request to a server and returns its response. Never rejects: if no server responds,
   * the response is 502, 503 or 504 with the reason. It is bound to the balancer, so it can be
   * passed on its own: `Deno.serve(balancer.fetch)`.
   *
   * @param request The client's request.
   * @param info The client's address, and a promise that settles once the response is delivered,
   * as `Deno.serve` passes them. Without it, a request stays active until its response has been
   * read. In either case, a request whose response is a single piece of up to 64 KiB stays active
   * only until the returned promise resolves.
   */
  readonly fetch = (request: Request, info?: RequestInfo): Promise<Response> =>
    this.#plane.fetch(request, info);

  /**
   * Accepts connections with `Deno.serve` (Deno only). Large responses are faster than through
   * {@linkcode LoadBalancer.fetch}, because they cannot pass through any of the caller's code.
   *
   * @param options Address, TLS and a signal that stops the listener.
   * @returns The listener. With one worker, {@linkcode LoadBalancer.close} does not stop it.
   * @throws {Deno.errors.AddrInUse} If the port is in use. `Deno.serve` may throw others.
   * @throws {BalancerError} `closed`, `invalid` if the certificate or key cannot be used,
   * `already_exists` if the workers are already listening, or `unsupported` on other runtimes.
   */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    const { signal, tls } = checkListenOptions(options);
    await this.#servers.ready();
    this.#checkOpen("listen");
    const address = { hostname: options.hostname ?? "0.0.0.0", port: options.port ?? 8000 };
    if (this.workers === 1) {
      const where = { ...address, ...(signal && { signal }) };
      if (tls === undefined) return this.#plane.serve(where);
      return listenTls(where, tls, (to) => this.#plane.serve(to));
    }
    if (tls !== undefined) checkCertificate(tls);
    if (this.#pool?.running) {
      throw new BalancerError("already_exists", "Cannot listen: the workers are already listening");
    }
    const pool = this.#pool = this.#makePool({ ...address, ...(tls && { certificate: tls }) });
    return await startListener(pool, { ...address, secure: tls !== undefined, signal });
  }

  /**
   * Adds a server. It is checked at once, and counts as healthy until a check fails. With `discover`,
   * adds a source: its name is looked up at once, and its servers are added when DNS responds.
   *
   * @param server The server; only its URL is required.
   * @returns The server with its URL in canonical form and the defaults filled in.
   * @throws {BalancerError} `invalid`, `already_exists`, `full`, `not_permitted` (Deno may not
   * connect to it) or `closed`; nothing was changed.
   */
  add(server: ServerInit): Server {
    this.#checkOpen();
    return this.#servers.add(server);
  }

  /**
   * Changes a server, or a source and its servers. Their requests, connections and health are kept.
   *
   * @param url The server's URL, in any spelling.
   * @param change The fields to change; the others keep their values.
   * @returns The server after the change.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing was changed.
   */
  update(url: string, change: ServerChange): Server {
    this.#checkOpen();
    return this.#servers.update(url, change);
  }

  /**
   * Removes a server. It gets no new requests or health checks; its active requests may finish.
   *
   * @param url The server's URL, in any spelling.
   * @param drain Seconds until its remaining requests are aborted, 0 to 86400. Default: no limit.
   * @returns The removed server.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing was changed.
   */
  remove(url: string, drain?: number): Server {
    this.#checkOpen();
    return this.#servers.remove(url, drain);
  }

  /**
   * Checks a server's health now, even if its period is 0. The result counts like that of any other
   * check. If a check is already in progress, waits for that one.
   *
   * @param url The server's URL, in any spelling.
   * @throws {BalancerError} `invalid`, `closed`, `discovered` (it is a source), or `not_found`,
   * also if the server is removed during the check.
   */
  async check(url: string): Promise<CheckReport> {
    this.#checkOpen("check a server");
    return await this.#control.check(this.#servers.checkable(url));
  }

  /**
   * Replaces the set of servers by applying the differences: servers that stay keep their
   * connections, counts and health. Removed servers take requests until the added ones do.
   *
   * @param servers The complete new set.
   * @returns The differences, once every thread has applied them.
   * @throws {BalancerError} `invalid`, `full`, `not_permitted` or `closed`; nothing was changed.
   */
  async setServers(servers: readonly ServerInit[]): Promise<ServerDiff> {
    this.#checkOpen();
    return await this.#servers.set(servers);
  }

  /**
   * Changes the health check settings, and immediately checks every server.
   *
   * @param check The new settings; omitted ones are reset to their defaults.
   * @throws {BalancerError} `invalid` or `closed`; nothing was changed.
   */
  setHealthCheck(check: Partial<HealthCheck>): void {
    this.#checkOpen("change the health checks");
    this.#control.setHealthCheck(checkHealthCheck(check));
    this.#config = { ...this.#config, healthCheck: { ...check } };
  }

  /**
   * Shares health checks with other balancers, as `joinEtcd` of `@ballast/lb/etcd` does.
   *
   * @param sharing Assigns the checks to balancers, and exchanges the results.
   * @throws {BalancerError} `closed`.
   */
  shareChecks(sharing: CheckSharing): void {
    this.#checkOpen("share the health checks");
    this.#control.shareChecks(sharing);
  }

  /** Number of threads that accept connections after {@linkcode LoadBalancer.listen}. */
  get workers(): number {
    return this.#options.workers;
  }

  /** Returns the servers with their status, in the order in which they were added. */
  servers(): ServerStatus[] {
    return this.#control.servers();
  }

  /** Returns the servers (with their status) and sources that match a key. */
  find(key: ServerKey): (ServerStatus | Server)[] {
    return [...this.#control.find(key), ...this.#servers.findSources(key)];
  }

  /** Returns the sources, their discovered servers, and the times of their lookups. */
  discovery(): DiscoveryReport[] {
    return this.#servers.reports();
  }

  /** Returns the current configuration, without secrets and without a custom policy. */
  config(): Config {
    return { ...this.#config, servers: this.#servers.configured() };
  }

  /** Returns the traffic so far. With `metrics: false`, requests are not counted. */
  traffic(): Traffic {
    const { metrics } = this.#options.settings;
    if (metrics) this.#plane.publishCounts();
    return this.#control.traffic(metrics);
  }

  /**
   * Waits until every thread has applied all changes made so far: added servers take requests, and
   * removed ones get no more. With one worker, that is immediate. Also waits up to 5 seconds for
   * the first lookup of added sources.
   */
  async settled(): Promise<void> {
    await this.#servers.ready();
    await this.#pool?.settled();
  }

  /**
   * Shuts down: stops the health checks, refuses new requests with 503, closes every WebSocket with
   * status code 1001, waits for active requests, and closes every connection. With several workers,
   * their listener stops too. To avoid the 503s, await {@linkcode Listener.shutdown} first.
   *
   * @param signal Ends the wait and aborts the requests that are still active. Default: none.
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    this.#servers[Symbol.dispose]();
    this.#control[Symbol.dispose]();
    await Promise.all([this.#plane.close(signal), this.#pool?.shutdown(signal)]);
  }

  /** Calls {@linkcode LoadBalancer.close} without a signal, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(action = "change the servers"): void {
    if (!this.#closed) return;
    throw new BalancerError("closed", `Cannot ${action}: the balancer is closed`);
  }
}
