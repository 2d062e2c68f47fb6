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
import { AccessLog } from "../proxy/access_log/access_log.ts";
import { DecisionRecorder } from "../proxy/decision_recorder.ts";
import type { OutlierReport } from "../proxy/failure_watch.ts";
import { ProxyHandler } from "../proxy/handler.ts";
import { Instrumentation, type RequestObserver } from "../proxy/instrumentation.ts";
import { RequestIds } from "../proxy/request_id.ts";
import { StickySessions } from "../proxy/affinity/sticky.ts";
import { TrafficCounter } from "../proxy/instrumentation.ts";
import { TrustedProxies } from "../proxy/trusted_proxies.ts";
import { WebSockets } from "../proxy/websockets.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { OpenTelemetryTracing } from "../observability/tracing/open_telemetry.ts";
import { makeTransport } from "../upstream/make_transport.ts";
import type { WebSocketTransport } from "../upstream/transport.ts";

/** How long requests that are broken off at the end may take to notice, in milliseconds. */
const BREAK_OFF_MS = 200;

/** What one thread goes by. Alone, it can have a policy that cannot be posted to others. */
export interface PlaneSettings extends Omit<ProxySettings, "policy"> {
  /** The rule for choosing a server. */
  readonly policy: PolicyName | Policy;
}

/** What a {@linkcode DataPlane} works with. */
export interface DataPlaneParts {
  /** Where the server in a slot is found. */
  readonly registry: SlotDirectory;
  /** The servers' state, in which this thread counts. */
  readonly table: StateTable;
  /** Where this thread counts for operators to see. */
  readonly traffic: TrafficTable;
  /** What to go by. */
  readonly settings: PlaneSettings;
  /** Takes what there is to say about how a server does with its requests. */
  readonly report: (report: OutlierReport) => void;
  /** Takes why requests go where they go. */
  readonly decisions: DecisionSink;
  /** Takes whole lines of the access log, where the settings want one. */
  readonly writeAccessLog: (lines: string) => void;
}

/** What picks servers and moves requests: one for each thread that accepts connections. */
export class DataPlane {
  readonly #deadlines = new Deadlines(systemClock);
  /** Those of each listener, which closes its own, and those of requests that came through none. */
  readonly #webSockets = new Set<WebSockets>();
  /** What accepts connections. */
  readonly #listeners = new Set<WebListener>();
  readonly #tracing = OpenTelemetryTracing.ifOn();
  readonly #handler: ProxyHandler;
  readonly #accessLog: AccessLog | undefined;
  readonly #parts: DataPlaneParts;
  /** Resolves when what is under way has been broken off: nobody waits for it any more. */
  readonly #brokenOff = Promise.withResolvers<void>();
  /** What moves requests to the servers. */
  readonly transport: WebSocketTransport;

  /**
   * @param parts What to work with.
   * @throws {BalancerError} `invalid`, if this runtime cannot keep sessions; `unsupported`, if it
   * cannot verify servers as the settings say.
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
   * Writes down what is not counted but there: how many requests wait, and how many connections
   * there are to each server.
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

  /** The name of a server that was found by it; undefined for others, which have their own. */
  #nameOf(serverUrl: string): string | undefined {
    const { registry, table } = this.#parts;
    for (let slot = 0; slot < table.end; slot++) {
      const server = registry.inSlot(slot)?.server;
      if (server?.url !== serverUrl) continue;
      return server.discoveredBy === undefined ? undefined : knownHost(server);
    }
    return undefined;
  }

  /** What takes note of each request; undefined where nobody wants to know. */
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
   * Accepts connections with `Deno.serve`, and throws what that throws.
   *
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

  /** Collects no lines of the access log any more: nobody knows how soon this thread is ended. */
  logAtOnce(): void {
    this.#accessLog?.close();
  }

  /**
   * Refuses new requests, closes the WebSockets, waits for what is under way, and closes every
   * connection and listener. Harmless a second time, and does not wait again for what was broken off.
   *
   * @param signal Ends the wait; requests that are still under way are broken off.
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
    // What was broken off comes to its end now, and is logged; but where a client does not read its
    // response, the platform never says that it is over.
    if (signal?.aborted) {
      await before(drained, BREAK_OFF_MS);
      this.#brokenOff.resolve();
    }
    // What was not to be broken off still has its time limits.
    void drained.then(() => this.#deadlines.clear());
  }
}

/** Waits for something, and for so many milliseconds at most. */
async function before(end: Promise<void>, limit: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = systemClock.after(limit, resolve);
  const release = systemClock.hold();
  await Promise.race([end, promise]);
  release();
  cancel();
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
