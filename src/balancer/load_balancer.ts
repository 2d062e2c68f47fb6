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
import { type Traffic, TrafficTable } from "../state/traffic_table.ts";
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
 * A load balancer: give it servers, and give {@linkcode LoadBalancer.fetch} the requests.
 *
 * Each request goes to the healthy server with the fewest active requests for its weight, or by
 * another {@linkcode Policy}; while there is no healthy one, to an unhealthy one. Health checks
 * begin when a server is added.
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
  /** What has happened to the servers, and a way to hear of what will. */
  readonly events: EventLog;
  /** Why the latest requests went where they went; see {@linkcode DecisionLog.keep}. */
  readonly decisions: DecisionLog;
  #closed = false;

  /**
   * Starts a balancer. It accepts no connections of its own.
   *
   * @param options The first servers, how they are checked, and how many threads there will be.
   * @throws {BalancerError} `invalid` with every fault, `already_exists`, or `not_permitted`.
   */
  constructor(options: LoadBalancerOptions = {}) {
    const checked = this.#options = checkBalancerOptions(options);
    const { workers, policy, settings, writeAccessLog, config } = checked;
    this.#config = config;
    // This thread counts too: it answers what comes through `fetch`.
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
   * Answers a request with the response of a server. Never rejects: where no server answers, it is
   * 502, 503 or 504 with the reason. It can be passed on its own, as in `Deno.serve(balancer.fetch)`.
   *
   * @param request What the client sent.
   * @param info What the runtime knows of the client and of the response's delivery, as
   * `Deno.serve` passes it. Without it, a request counts as over when its response has been read;
   * one whose response is in one piece, of up to 64 KiB, in either case when this resolves.
   */
  readonly fetch = (request: Request, info?: RequestInfo): Promise<Response> =>
    this.#plane.fetch(request, info);

  /**
   * Accepts connections with `Deno.serve` (Deno only). Large responses pass faster than through
   * {@linkcode LoadBalancer.fetch}, as nothing can stand between the balancer and the client.
   *
   * @param options Where and how.
   * @returns What accepts the connections. With one thread, {@linkcode LoadBalancer.close} does not
   * stop it.
   * @throws {Deno.errors.AddrInUse} If the port is taken, and what else `Deno.serve` throws.
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
   * Adds a server, which is checked at once and counts as healthy until that says otherwise; or, with
   * `discover`, an entry, whose name is looked up at once: its servers follow.
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
   * Changes a server, or an entry with its servers. Their requests, connections and health stay.
   *
   * @param url The server's URL, in any spelling.
   * @param change What is different; what is left out keeps its value.
   * @returns The server after the change.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing has changed.
   */
  update(url: string, change: ServerChange): Server {
    this.#checkOpen();
    return this.#servers.update(url, change);
  }

  /**
   * Removes a server. It gets no new request and no further health check; requests that it is
   * working on may finish.
   *
   * @param url The server's URL, in any spelling.
   * @param drain For how long they may, in seconds, 0 to 86400; then they are broken off. Default:
   * without a limit.
   * @returns The server as it was.
   * @throws {BalancerError} `invalid`, `not_found`, `discovered` or `closed`; nothing has changed.
   */
  remove(url: string, drain?: number): Server {
    this.#checkOpen();
    return this.#servers.remove(url, drain);
  }

  /**
   * Checks a server's health now, also where its period is 0; a check under way is joined. It counts
   * as any other.
   *
   * @param url The server's URL, in any spelling.
   * @throws {BalancerError} `invalid`, `closed`, `discovered`, or `not_found`, also if it goes meanwhile.
   */
  async check(url: string): Promise<CheckReport> {
    this.#checkOpen("check a server");
    return await this.#control.check(this.#servers.checkable(url));
  }

  /**
   * Makes these the servers, by differences only: one that is there already and does not differ keeps
   * its connections, counts and health. Until new ones take requests, those no longer wanted do.
   *
   * @param servers All the servers there shall be.
   * @returns What was different, once every thread knows.
   * @throws {BalancerError} `invalid`, `full`, `not_permitted` or `closed`; nothing has changed.
   */
  async setServers(servers: readonly ServerInit[]): Promise<ServerDiff> {
    this.#checkOpen();
    return await this.#servers.set(servers);
  }

  /**
   * Changes how servers are checked, from the next check on, which is at once.
   *
   * @param check How; what is left out has its default.
   * @throws {BalancerError} `invalid` or `closed`; nothing has changed.
   */
  setHealthCheck(check: Partial<HealthCheck>): void {
    this.#checkOpen("change the health checks");
    this.#control.setHealthCheck(checkHealthCheck(check));
    this.#config = { ...this.#config, healthCheck: { ...check } };
  }

  /**
   * Lets other balancers check servers in this one's place from now on, as far as the sharing says so.
   *
   * @param sharing What divides the checks among them.
   * @throws {BalancerError} `closed`.
   */
  shareChecks(sharing: CheckSharing): void {
    this.#checkOpen("share the health checks");
    this.#control.shareChecks(sharing);
  }

  /** How many threads accept connections once {@linkcode LoadBalancer.listen} is called. */
  get workers(): number {
    return this.#options.workers;
  }

  /** The servers, in the order in which they were added, with how they are doing. */
  servers(): ServerStatus[] {
    return this.#control.servers();
  }

  /** The servers, with how they are doing, and the entries that a key is for. */
  find(key: ServerKey): (ServerStatus | Server)[] {
    return [...this.#control.find(key), ...this.#servers.findEntries(key)];
  }

  /** The entries with `discover`, what they have found, and when they are looked up again. */
  discovery(): DiscoveryReport[] {
    return this.#servers.reports();
  }

  /** What makes a balancer like this one is now, as far as a configuration file can say it. */
  config(): Config {
    return { ...this.#config, servers: this.#servers.given() };
  }

  /** What was counted since the balancer began. With `metrics: false` no requests are in it. */
  traffic(): Traffic {
    const { metrics } = this.#options.settings;
    if (metrics) this.#plane.publishCounts();
    return this.#control.traffic(metrics);
  }

  /**
   * Waits until every change that was made so far holds on every thread: a server that was added
   * takes requests, one that was removed gets none. With one thread, that is at once. Waits as well
   * until entries that were added have been looked up once, for 5 seconds at most.
   */
  async settled(): Promise<void> {
    await this.#servers.ready();
    await this.#pool?.settled();
  }

  /**
   * Stops the health checks, refuses new requests with 503, closes every WebSocket with the status
   * code 1001, waits for what is under way, and closes every connection and listener. Streams of
   * events end. Where no request may get that 503, let {@linkcode Listener.shutdown} end first.
   *
   * @param signal Ends the wait; requests that are still under way are broken off. Default: none.
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    this.#servers[Symbol.dispose]();
    this.#control[Symbol.dispose]();
    await Promise.all([this.#plane.close(signal), this.#pool?.shutdown(signal)]);
  }

  /** The same as {@linkcode LoadBalancer.close} without a limit, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkOpen(action = "change the servers"): void {
    if (!this.#closed) return;
    throw new BalancerError("closed", `Cannot ${action}: the balancer is closed`);
  }
}
