import { drainSchema } from "./config/settings_schema.ts";
import { validate } from "./config/validate.ts";
import { BalancerError } from "./core/errors.ts";
import { type Entry, Registry } from "./core/registry.ts";
import { completeServer, type Server, type ServerChange, type ServerInit } from "./core/server.ts";
import { diffServers, type ServerDiff } from "./core/server_diff.ts";
import type { ProxySettings } from "./core/settings.ts";
import type { ServerStatus } from "./core/server_status.ts";
import { StateTable } from "./core/state_table.ts";
import { allocateMemory, DEFAULT_CAPACITY } from "./core/table_memory.ts";
import { DataPlane } from "./data_plane.ts";
import { Ejector } from "./health/ejector.ts";
import { HealthChecker } from "./health/checker.ts";
import type { HealthCheck } from "./health/health_check.ts";
import { SlowStart } from "./health/slow_start.ts";
import { type Certificate, checkCertificate } from "./listener/certificate.ts";
import type { Listener, ListenOptions } from "./listener/listener.ts";
import { listenTls } from "./listener/listen_tls.ts";
import {
  checkHealthCheck,
  checkOptions,
  checkServer,
  checkServers,
  type LoadBalancerOptions,
} from "./load_balancer_options.ts";
import type { StandingReport } from "./proxy/failure_watch.ts";
import type { RequestInfo } from "./proxy/incoming.ts";
import { systemClock } from "./system_clock.ts";
import { WorkerPool } from "./workers/worker_pool.ts";

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
  readonly #table: StateTable;
  readonly #registry: Registry;
  readonly #plane: DataPlane;
  readonly #checker: HealthChecker;
  readonly #ejector: Ejector;
  readonly #slowStart: SlowStart;
  readonly #workers: number;
  readonly #settings: ProxySettings;
  #pool: WorkerPool | undefined;
  #closed = false;

  /**
   * Starts a balancer. It accepts no connections of its own.
   *
   * @param options The first servers, how they are checked, and how many threads there will be.
   * @throws {BalancerError} `invalid` with every fault, or `already_exists`.
   */
  constructor(options: LoadBalancerOptions = {}) {
    const { servers, check, workers, slowStart, policy, settings } = checkOptions(options);
    this.#settings = settings;
    this.#workers = workers;
    // This thread counts too: it answers what comes through `fetch`.
    const threads = this.#workers === 1 ? 1 : this.#workers + 1;
    this.#table = new StateTable(allocateMemory(DEFAULT_CAPACITY, threads));
    this.#registry = new Registry(this.#table, () => !this.#hasWorkers);
    for (const server of servers) this.#registry.add(server);
    const common = { registry: this.#registry, table: this.#table, clock: systemClock };
    this.#slowStart = new SlowStart({ ...common, duration: slowStart });
    this.#ejector = new Ejector({
      ...common,
      ejection: settings.ejection,
      onReturn: (entry) => this.#slowStart.begin(entry),
    });
    this.#plane = new DataPlane({
      ...common,
      settings: { ...settings, policy },
      report: this.#report,
    });
    this.#checker = new HealthChecker({
      ...common,
      transport: this.#plane.transport,
      check,
      onReturn: ({ url }) => this.#slowStart.begin(this.#registry.get(url)),
    });
  }

  /**
   * Answers a request with the response of a server. Never rejects: where no server answers, it is
   * 502, 503 or 504 with the reason. It can be passed on its own, as in `Deno.serve(balancer.fetch)`.
   *
   * @param request What the client sent.
   * @param info What the runtime knows of the client and of the response's delivery, as
   * `Deno.serve` passes it. Without it, a request counts as over when its response has been read.
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
   * `already_exists` if the workers listen already.
   */
  async listen(options: ListenOptions = {}): Promise<Listener> {
    this.#checkOpen();
    const { signal, tls } = options;
    const address = { hostname: options.hostname ?? "0.0.0.0", port: options.port ?? 8000 };
    if (this.#workers === 1) {
      const where = signal === undefined ? address : { ...address, signal };
      if (tls === undefined) return this.#plane.serve(where);
      return listenTls(where, tls, (to) => this.#plane.serve(to));
    }
    if (tls !== undefined) checkCertificate(tls);
    if (this.#hasWorkers) {
      throw new BalancerError("already_exists", "Cannot listen: the workers listen already");
    }
    const pool = this.#pool = new WorkerPool({
      registry: this.#registry,
      table: this.#table,
      clock: systemClock,
      settings: this.#settings,
      report: this.#report,
      ...address,
      ...(tls === undefined ? {} : { certificate: tls }),
    });
    signal?.addEventListener("abort", () => pool.terminate(), { once: true });
    await pool.start();
    return {
      addr: { hostname: address.hostname, port: pool.port },
      finished: pool.finished,
      shutdown: () => pool.shutdown(),
      ...(tls === undefined ? {} : {
        replaceCertificate: async (certificate: Certificate) => {
          checkCertificate(certificate);
          await pool.replaceCertificate(certificate);
        },
      }),
    };
  }

  /**
   * Adds a server. Its first health check begins at once; until that says otherwise, the server
   * counts as healthy.
   *
   * @param server The server; all but the URL may be left out.
   * @returns The server with its URL in canonical form and the defaults filled in.
   * @throws {BalancerError} `invalid`, `already_exists`, `full` or `closed`; nothing has changed.
   */
  add(server: ServerInit): Server {
    this.#checkOpen();
    return this.#registry.add(checkServer(server)).server;
  }

  /**
   * Changes a server. Requests that it is working on, its connections and its health stay.
   *
   * @param url The server's URL, in any spelling.
   * @param change What is different; what is left out keeps its value.
   * @returns The server after the change.
   * @throws {BalancerError} `invalid`, `not_found` or `closed`; nothing has changed.
   */
  update(url: string, change: ServerChange): Server {
    this.#checkOpen();
    const { url: _, ...checked } = checkServer({ ...change, url });
    return this.#registry.update(url, checked).server;
  }

  /**
   * Removes a server. It gets no new request and no further health check; requests that it is
   * working on may finish.
   *
   * @param url The server's URL, in any spelling.
   * @param drain For how long they may, in seconds, 0 to 86400; then they are broken off. Default:
   * without a limit.
   * @returns The server as it was.
   * @throws {BalancerError} `invalid`, `not_found` or `closed`; nothing has changed.
   */
  remove(url: string, drain?: number): Server {
    this.#checkOpen();
    checkServer({ url });
    if (drain !== undefined) validate(drainSchema, drain, "the time", "drain");
    const { server } = this.#registry.remove(url, drain);
    this.#plane.transport.forget(server.url, drain);
    return server;
  }

  /**
   * Makes these the servers, by differences only: a server that is there already and does not differ
   * keeps its connections, its counts and its health. Until those that are new take requests, those
   * that are no longer wanted do.
   *
   * @param servers All the servers there shall be.
   * @returns What was different, once every thread knows.
   * @throws {BalancerError} `invalid`, `full` or `closed`; nothing has changed.
   */
  async setServers(servers: readonly ServerInit[]): Promise<ServerDiff> {
    this.#checkOpen();
    const wanted = checkServers(servers).map(completeServer);
    const before = this.#registry.entries().map(({ server }) => server);
    const diff = diffServers(before, wanted);
    this.#registry.addAll(diff.added);
    for (const { url, ...change } of diff.changed) this.#registry.update(url, change);
    await this.settled();
    // In the meantime, somebody else may have removed it.
    for (const { url } of diff.removed) {
      if (this.#registry.find(url) !== undefined) this.remove(url);
    }
    await this.settled();
    return diff;
  }

  /**
   * Changes how servers are checked, from the next check on, which is at once.
   *
   * @param check How; what is left out has its default.
   * @throws {BalancerError} `invalid` or `closed`; nothing has changed.
   */
  setHealthCheck(check: Partial<HealthCheck>): void {
    this.#checkOpen();
    this.#checker.change(checkHealthCheck(check));
  }

  /** How many threads accept connections once {@linkcode LoadBalancer.listen} is called. */
  get workers(): number {
    return this.#workers;
  }

  /** The servers, in the order in which they were added, with how they are doing. */
  servers(): ServerStatus[] {
    return this.#registry.entries().map((entry) => this.#status(entry));
  }

  /**
   * Waits until every change that was made so far holds on every thread: a server that was added
   * takes requests, one that was removed gets none. With one thread, that is at once.
   */
  async settled(): Promise<void> {
    await this.#pool?.settled();
  }

  /**
   * Stops the health checks, refuses new requests with 503, closes every WebSocket with the status
   * code 1001, waits for what is under way, and closes every connection. Workers accept no more.
   * Harmless a second time.
   *
   * @param signal Ends the wait; requests that are still under way are broken off. Default: none.
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed = true;
    for (const part of [this.#checker, this.#ejector, this.#slowStart]) part[Symbol.dispose]();
    await Promise.all([this.#plane.close(signal), this.#pool?.shutdown(signal)]);
  }

  /** The same as {@linkcode LoadBalancer.close} without a limit, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #hasWorkers(): boolean {
    return this.#pool?.running ?? false;
  }

  #status({ server, slot }: Entry): ServerStatus {
    return {
      ...server,
      healthy: this.#table.isHealthy(slot),
      active: this.#table.active(slot),
      ejection: this.#ejector.report(server.url),
      lastCheck: this.#checker.report(server.url),
    };
  }

  readonly #report = ({ type, url, why }: StandingReport): void => {
    if (type === "failing") this.#ejector.eject(url, why);
    else this.#ejector.acquit(url);
  };

  #checkOpen(): void {
    if (this.#closed) {
      throw new BalancerError("closed", "Cannot change the servers: the balancer is closed");
    }
  }
}
