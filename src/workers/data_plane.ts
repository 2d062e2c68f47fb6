import type { DecisionSink } from "../model/decision.ts";
import { Deadlines } from "../runtime/deadlines.ts";
import { knownHost } from "../model/discovery.ts";
import type { Policy } from "../state/policy.ts";
import type { SlotDirectory } from "../state/registry.ts";
import type { PolicyName, ProxySettings } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import type { TrafficTable } from "../state/traffic_table.ts";
import type { DrainableServer } from "../fronts/web/listener_drain.ts";
import { type ServeOptions, WebListener } from "../fronts/web/web_listener.ts";
import { makePolicy } from "../policies/make_policy.ts";
import { AccessLog } from "../observability/access_log/access_log.ts";
import { DecisionRecorder } from "../proxy/decision_recorder.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import { ProxyHandler } from "../proxy/handler.ts";
import { Instrumentation, type RequestObserver, TrafficCounter } from "../proxy/instrumentation.ts";
import { RequestIds } from "../proxy/request_id.ts";
import { StickySessions } from "../proxy/affinity/sticky.ts";
import { TrustedProxies } from "../proxy/trusted_proxies.ts";
import { WebSockets } from "../proxy/websockets.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { pause } from "../runtime/time.ts";
import { OpenTelemetryTracing } from "../observability/tracing/open_telemetry.ts";
import { makeTransport } from "../upstream/make_transport.ts";
import type { WebSocketTransport } from "../upstream/transport.ts";

/** How long aborted requests may take to end at the close, in milliseconds. */
const BREAK_OFF_MS = 200;

/** Settings of one thread. A single thread can have a policy object, which cannot be posted. */
export interface PlaneSettings extends Omit<ProxySettings, "policy"> {
  /** The rule for choosing a server. */
  readonly policy: PolicyName | Policy;
}

/** Parts of a {@linkcode DataPlane}. */
export interface DataPlaneParts {
  /** The servers by slot. */
  readonly registry: SlotDirectory;
  /** The servers' state, shared by all threads. */
  readonly table: StateTable;
  /** The traffic counters, shared by all threads. */
  readonly traffic: TrafficTable;
  /** The settings. */
  readonly settings: PlaneSettings;
  /** Receives the failures and successes that outlier ejection counts. */
  readonly report: (report: OutlierReport) => void;
  /** Receives routing decisions. */
  readonly decisions: DecisionSink;
  /** Writes whole lines of the access log, if the settings have one. */
  readonly writeAccessLog: (lines: string) => void;
}

/** The data plane of one thread: picks servers and moves requests. */
export class DataPlane {
  readonly #deadlines = new Deadlines(systemClock);
  /** The WebSockets of each listener, and those of requests that came by `fetch`. */
  readonly #webSockets = new Set<WebSockets>();

  readonly #listeners = new Set<WebListener>();
  readonly #tracing = OpenTelemetryTracing.ifOn();
  readonly #handler: ProxyHandler;
  readonly #accessLog: AccessLog | undefined;
  readonly #parts: DataPlaneParts;
  /** Resolves when the open requests have been aborted. */
  readonly #brokenOff = Promise.withResolvers<void>();
  /** The transport to the servers. */
  readonly transport: WebSocketTransport;

  /**
   * @param parts The parts.
   * @throws {BalancerError} `invalid` if this runtime cannot keep sessions; `unsupported` if it cannot
   * verify servers as the settings say.
   */
  constructor(parts: DataPlaneParts) {
    const { registry, table, traffic, settings, report, decisions } = this.#parts = parts;
    const { timeouts, trustedProxies, sticky, policy } = settings;
    this.#accessLog = settings.accessLog && new AccessLog({
      format: settings.accessLog,
      write: parts.writeAccessLog,
      deadlines: this.#deadlines,
      clock: systemClock,
    });
    this.transport = makeTransport({
      clock: systemClock,
      deadlines: this.#deadlines,
      connectTimeout: timeouts.connect * 1000,
      responseTimeout: timeouts.response * 1000,
      contentTimeout: timeouts.content * 1000,
      keepAliveTimeout: timeouts.keepAlive * 1000,
      tls: settings.upstreamTls,
      nameOf: (serverUrl) => this.#nameOf(serverUrl),
    });
    const webSockets = this.#makeWebSockets();
    this.#webSockets.add(webSockets);
    const tracing = this.#tracing;
    this.#handler = new ProxyHandler({
      registry,
      table,
      policy: makePolicy(policy, {
        servers: registry,
        keepSessions: sticky !== undefined,
      }),
      transport: this.transport,
      deadlines: this.#deadlines,
      settings,
      report,
      trustedProxies: trustedProxies.length > 0 ? new TrustedProxies(trustedProxies) : undefined,
      sticky: sticky && new StickySessions({ registry, table, secret: sticky.secret }),
      webSockets,
      traffic: settings.metrics ? traffic : undefined,
      recorder: new DecisionRecorder({
        date: systemClock.date,
        policy: typeof policy === "string" ? policy : "custom",
        sink: decisions,
      }),
      instrumentation: this.#instrumentation(),
      trace: tracing && ((outgoing, record) => tracing.begin(outgoing, record)),
    });
  }

  /**
   * Publishes the gauges of this thread: its queued requests, and its connections to each server.
   */
  publishCounts(): void {
    const { registry, table, traffic } = this.#parts;
    traffic.setWaiting(this.#handler.waiting);
    for (let slot = 0; slot < table.end; slot++) {
      const entry = registry.inSlot(slot);
      if (entry === undefined) continue;
      traffic.setConnections(slot, this.transport.connections(entry.server.url));
    }
  }

  /** The name that a discovered server's certificate must match; undefined for other servers. */
  #nameOf(serverUrl: string): string | undefined {
    const { registry, table } = this.#parts;
    for (let slot = 0; slot < table.end; slot++) {
      const server = registry.inSlot(slot)?.server;
      if (server?.url !== serverUrl) continue;
      return server.discoveredBy === undefined ? undefined : knownHost(server);
    }
    return undefined;
  }

  /** The observers of each request; undefined if there are none. */
  #instrumentation(): Instrumentation | undefined {
    const { traffic, settings: { metrics } } = this.#parts;
    const observers: RequestObserver[] = [];
    if (metrics) observers.push(new TrafficCounter(traffic));
    if (this.#tracing !== undefined) observers.push(this.#tracing);
    if (this.#accessLog !== undefined) observers.push(this.#accessLog);
    if (observers.length === 0) return undefined;
    const ids = this.#accessLog === undefined ? undefined : new RequestIds();
    return new Instrumentation(systemClock, observers, ids);
  }

  /** See {@linkcode ProxyHandler.fetch}. */
  readonly fetch: ProxyHandler["fetch"] = (request, info) => this.#handler.fetch(request, info);

  /**
   * Accepts connections with `Deno.serve`.
   *
   * @throws The exceptions of `Deno.serve`.
   * @throws {BalancerError} `unsupported` on other runtimes.
   */
  serve(options: ServeOptions): DrainableServer {
    const webSockets = this.#makeWebSockets();
    const listener = new WebListener(options, {
      handler: this.#handler,
      webSockets,
      brokenOff: this.#brokenOff.promise,
    });
    this.#listeners.add(listener);
    this.#webSockets.add(webSockets);
    // An abort leaves WebSockets behind, which are closed then.
    listener.finished.then(() => webSockets.closing(() => Promise.resolve())).then(() => {
      this.#listeners.delete(listener);
      this.#webSockets.delete(webSockets);
    });
    return listener;
  }

  #makeWebSockets(): WebSockets {
    return new WebSockets({ deadlines: this.#deadlines, clock: systemClock });
  }

  /** Writes access log lines at once from now on, as this thread may be ended at any moment. */
  logAtOnce(): void {
    this.#accessLog?.close();
  }

  /**
   * Refuses new requests, closes the WebSockets, waits for the open requests, and closes every
   * connection and listener. A second call does not wait again for aborted requests.
   *
   * @param signal Ends the wait; requests that are still open are aborted.
   */
  async close(signal?: AbortSignal): Promise<void> {
    const drained = this.#handler.drain();
    this.logAtOnce();
    for (const listener of this.#listeners) listener.drain();
    const ended = Promise.all([...this.#webSockets].map((each) => each.closing(() => drained)))
      .then(() => Promise.all([...this.#listeners].map((each) => each.shutdown())));
    await Promise.race([ended, aborted(signal), this.#brokenOff.promise]);
    if (signal?.aborted) { for (const listener of this.#listeners) listener.breakOff(); }
    for (const webSockets of this.#webSockets) webSockets.destroy();
    await this.transport[Symbol.asyncDispose]();
    // Aborted requests end now and are logged; but while a client does not read its response, the
    // platform never reports its end.
    if (signal?.aborted) {
      const early = new AbortController();
      void drained.then(() => early.abort());
      await pause(systemClock, BREAK_OFF_MS, early.signal);
      this.#brokenOff.resolve();
    }
    // Requests that were not aborted still have their deadlines.
    void drained.then(() => this.#deadlines.clear());
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
