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
 * An HTTP load balancer over a set of servers. Requests come in through {@linkcode LoadBalancer.listen}
 * or {@linkcode LoadBalancer.fetch}.
 *
 * Each request goes to the healthy server with the fewest active requests relative to its weight, or
 * to the choice of another {@linkcode Policy}; if no server is healthy, to an unhealthy one. Health
 * checks of a server start when it is added.
 *
 * @example Balance over two servers
 * ```ts ignore
 * import { LoadBalancer } from "@ballast/lb";
 *
 * const balancer = new LoadBalancer({
 *   servers: [
 *     { url: "http://127.0.0.1:3001", weight: 2 },
 *     { url: "http://127.0.0.1:3002" },
 *   ],
 * });
 * await balancer.listen({ port: 8080 });
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
  /** Log of what happens to the servers; new events can be subscribed to. */
  readonly events: EventLog;
  /** Log of recent routing decisions; see {@linkcode DecisionLog.keep}. */
  readonly decisions: DecisionLog;
  #closed = false;

  /**
   * Starts a balancer. It accepts connections only after {@linkcode LoadBalancer.listen}.
   *
   * @param options The first servers, and the settings.
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
   * the response is 502, 503 or 504 with the reason. It is bound, as `Deno.serve(balancer.fetch)`
   * needs it.
   *
   * @param request The client's request.
   * @param info The client's address and the delivery of the response, as `Deno.serve` passes them.
   * Without it, a request stops being active when its response has been read. If the response is in
   * one piece of up to 64 KiB, the request stops being active when this resolves, in either case.
   */
  readonly fetch = (request: Request, info?: RequestInfo): Promise<Response> =>
    this.#plane.fetch(request, info);

  /**
   * Accepts connections with `Deno.serve` (Deno only). Large responses are faster than through
   * {@linkcode LoadBalancer.fetch}, because no other code can come between balancer and client.
   *
   * @param options Address, TLS and a signal that stops the listener.
   * @returns The listener. With one thread, {@linkcode LoadBalancer.close} does not stop it.
   * @throws {Deno.errors.AddrInUse} If the port is in use; and other errors of `Deno.serve`.
   * @throws {BalancerError} `closed`, `invalid` if the certificate or key cannot be used, or
   * `already_exists` if the workers listen already; `unsupported` on runtimes other than Deno.
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
      throw new BalancerError("already_exists", "Cannot listen: the workers listen already");
    }
    const pool = this.#pool = this.#makePool({ ...address, ...(tls && { certificate: tls }) });
    return await startListener(pool, { ...address, secure: tls !== undefined, signal });
  }

  /**
   * Adds a server. It is checked at once, and counts as healthy until a check fails. With `discover`,
   * adds a source, whose name is looked up at once and whose servers follow.
   *
   * @param server The server; all but the URL may be left out.
   * @returns The server with its URL in canonical form and the defaults filled in.
   * @throws {BalancerError} `invalid`, `already_exists`, `full`, `not_permitted` (Deno may not
   * connect to it) or `closed`; nothing has changed.
   */
  add(server: ServerInit): Server {
    this.#checkOpen();
    return this.#servers.add(server);
  }

  /**
   * Changes a server, or a source and its servers. They keep their requests, connections and health.
   *
   * @param url The server's URL, in any spelling.
   * @param change The fields to change; the others keep their values.
   * @returns The server after the change.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing has changed.
   */
  update(url: string, change: ServerChange): Server {
    this.#checkOpen();
    return this.#servers.update(url, change);
  }

  /**
   * Removes a server. It gets no new requests and no more health checks; active requests may finish.
   *
   * @param url The server's URL, in any spelling.
   * @param drain Seconds that active requests may take before they are aborted, 0 to 86400. Default:
   * no limit.
   * @returns The server as it was.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing has changed.
   */
  remove(url: string, drain?: number): Server {
    this.#checkOpen();
    return this.#servers.remove(url, drain);
  }

  /**
   * Checks a server's health now, even if its period is 0, and counts the result like any other. Joins
   * a check that is in progress.
   *
   * @param url The server's URL, in any spelling.
   * @throws {BalancerError} `invalid`, `closed`, `discovered`, or `not_found`, also if the server is
   * removed in the meantime.
   */
  async check(url: string): Promise<CheckReport> {
    this.#checkOpen("check a server");
    return await this.#control.check(this.#servers.checkable(url));
  }

  /**
   * Replaces the set of servers by applying the differences: an unchanged server keeps its connections,
   * counts and health. Servers to remove take requests until the new ones do.
   *
   * @param servers The complete new set.
   * @returns The differences, once they hold on every thread.
   * @throws {BalancerError} `invalid`, `full`, `not_permitted` or `closed`; nothing has changed.
   */
  async setServers(servers: readonly ServerInit[]): Promise<ServerDiff> {
    this.#checkOpen();
    return await this.#servers.set(servers);
  }

  /**
   * Changes the settings of health checks, and checks every server at once.
   *
   * @param check The new settings; what is left out has its default.
   * @throws {BalancerError} `invalid` or `closed`; nothing has changed.
   */
  setHealthCheck(check: Partial<HealthCheck>): void {
    this.#checkOpen("change the health checks");
    this.#control.setHealthCheck(checkHealthCheck(check));
    this.#config = { ...this.#config, healthCheck: { ...check } };
  }

  /**
   * Shares health checks with other balancers: those assigned to others are no longer done here.
   *
   * @param sharing Assigns the checks, and exchanges their results.
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

  /** The servers and their state, in the order in which they were added. */
  servers(): ServerStatus[] {
    return this.#control.servers();
  }

  /** The servers, with their state, and the sources with this key. */
  find(key: ServerKey): (ServerStatus | Server)[] {
    return [...this.#control.find(key), ...this.#servers.findSources(key)];
  }

  /** The sources, their discovered servers, and when they are looked up again. */
  discovery(): DiscoveryReport[] {
    return this.#servers.reports();
  }

  /** The current configuration, as far as a file can have it: no secrets and no custom policy. */
  config(): Config {
    return { ...this.#config, servers: this.#servers.configured() };
  }

  /** Traffic since the balancer started. With `metrics: false`, requests are not counted. */
  traffic(): Traffic {
    const { metrics } = this.#options.settings;
    if (metrics) this.#plane.publishCounts();
    return this.#control.traffic(metrics);
  }

  /**
   * Waits until all changes so far hold on every thread: added servers take requests, removed ones get
   * none. With one thread, that is at once. Also waits up to 5 seconds until added sources have been
   * looked up once.
   */
  async settled(): Promise<void> {
    await this.#servers.ready();
    await this.#pool?.settled();
  }

  /**
   * Shuts down: stops the health checks, refuses new requests with 503, closes every WebSocket with
   * status code 1001, waits for requests in flight, and closes every connection and listener. Event
   * streams end. If no request may get that 503, await {@linkcode Listener.shutdown} first.
   *
   * @param signal Ends the wait and aborts the requests still in flight. Default: none.
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    this.#servers[Symbol.dispose]();
    this.#control[Symbol.dispose]();
    await Promise.all([this.#plane.close(signal), this.#pool?.shutdown(signal)]);
  }

  /** Calls {@linkcode LoadBalancer.close} without a limit, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(action = "change the servers"): void {
    if (!this.#closed) return;
    throw new BalancerError("closed", `Cannot ${action}: the balancer is closed`);
  }
}
