import type { Clock } from "../runtime/clock.ts";
import { type DeadlineQueue, type Deadlines, Timer } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { UpstreamTls } from "../model/settings.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type {
  ConnectionCounts,
  SendOptions,
  UpstreamResponse,
  UpstreamSocket,
  WebSocketTransport,
} from "./transport.ts";
import { basePathFault } from "../http1/base_path.ts";
import { Connection } from "./upstream_connection.ts";
import { dial } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import type { ExchangeContext, ExchangeSettings } from "./exchange_context.ts";
import { ConnectionPool } from "./connection_pool.ts";
import { ResponseHeadParser } from "../http1/response_head.ts";
import { Http1Socket } from "./websocket_connection.ts";
import { SocketHandshake } from "./websocket_handshake.ts";

/** Options of an {@linkcode Http1Transport}. */
export interface Http1TransportOptions {
  /** The clock. */
  readonly clock: Clock;
  /** The deadlines of connections and exchanges. */
  readonly deadlines: Deadlines;
  /** The timeout of a connection, in milliseconds. Default: 5000. */
  readonly connectTimeout?: number;
  /** The timeout of a response's head once the request is sent, in milliseconds. Default: 60000. */
  readonly responseTimeout?: number;
  /** How long content may stall, in milliseconds. Default: 60000. */
  readonly contentTimeout?: number;
  /**
   * The shortest time that an idle connection is kept, in milliseconds; the longest is twice that.
   * Default: 60000.
   */
  readonly keepAliveTimeout?: number;
  /** How `https:` servers are verified. Default: by the authorities that the runtime trusts. */
  readonly tls?: UpstreamTls;
  /**
   * Returns the name that the certificate of an `https:` server must match; called when a server is
   * first connected to. Default: the host of its URL.
   */
  readonly nameOf?: (serverUrl: string) => string | undefined;
}

/**
 * How long idle connections keep the process alive, in milliseconds: one call into the runtime for
 * those that are still idle then costs less than one for each request.
 */
const REST_MS = 1000;

/** The transport that speaks HTTP/1.1 over pooled connections of Deno. */
export class Http1Transport implements WebSocketTransport {
  readonly #clock: Clock;
  readonly #parser = new ResponseHeadParser();
  readonly #connectQueue: DeadlineQueue;
  readonly #responseQueue: DeadlineQueue;
  readonly #contentQueue: DeadlineQueue;
  readonly #sweepQueue: DeadlineQueue;
  readonly #restQueue: DeadlineQueue;
  readonly #tls: UpstreamTls;
  readonly #nameOf: (serverUrl: string) => string | undefined;
  readonly #targets = new Map<string, Target>();
  /** Removed servers with connections still in use. */
  readonly #leaving = new Set<Target>();
  readonly #sweep = new Timer(() => this.#closeExpired());
  readonly #rest = new Timer(() => {
    for (const { pool } of this.#targets.values()) pool.rest();
  });
  #closed = false;

  /** @param options Clock, deadlines, timeouts and TLS settings. */
  constructor(options: Http1TransportOptions) {
    const { clock, deadlines } = options;
    this.#clock = clock;
    this.#connectQueue = deadlines.queue(options.connectTimeout ?? 5_000);
    this.#responseQueue = deadlines.queue(options.responseTimeout ?? 60_000);
    this.#contentQueue = deadlines.queue(options.contentTimeout ?? 60_000);
    this.#sweepQueue = deadlines.queue(options.keepAliveTimeout ?? 60_000);
    this.#restQueue = deadlines.queue(REST_MS);
    this.#tls = options.tls ?? {};
    this.#nameOf = options.nameOf ?? (() => undefined);
  }

  /** Sends a request and waits for the head of the response. */
  send(
    serverUrl: string,
    request: UpstreamRequest,
    options: SendOptions = {},
  ): Promise<UpstreamResponse> {
    if (this.#closed) return Promise.reject(closed(serverUrl));
    const context = this.#target(serverUrl);
    const fault = basePathFault(context.basePath, request.target);
    if (fault !== undefined) return Promise.reject(fault);
    const pooled = options.freshConnection ? undefined : context.pool.take();
    if (pooled === undefined) return this.#sendFresh(request, context, options);
    return new Exchange(pooled, request, { context, options, reused: true }).run();
  }

  /** Sends a request for a WebSocket and waits for the response. */
  async upgrade(
    serverUrl: string,
    request: UpstreamRequest,
    options: SendOptions = {},
  ): Promise<UpstreamResponse | UpstreamSocket> {
    if (this.#closed) throw closed(serverUrl);
    const context = this.#target(serverUrl);
    const fault = basePathFault(context.basePath, request.target);
    if (fault !== undefined) throw fault;
    const pooled = context.pool.take();
    const connection = pooled ?? await context.connect(options);
    return await openSocket(connection, request, {
      context,
      options,
      reused: connection === pooled,
    });
  }

  /** Closes the idle connections to a removed server; those in use close after their exchange. */
  forget(serverUrl: string, drain?: number): void {
    const target = this.#targets.get(serverUrl);
    if (target === undefined) return;
    this.#targets.delete(serverUrl);
    this.#leaving.add(target);
    target.pool.close();
    this.#letGo(target);
    if (drain === undefined || target.connections.size === 0) return;
    target.cancelBreakOff = this.#clock.after(drain * 1000, () => breakOff(target));
  }

  /** The number of connections to a server. */
  connections(serverUrl: string): ConnectionCounts {
    const target = this.#targets.get(serverUrl);
    return { open: target?.connections.size ?? 0, idle: target?.pool.size ?? 0 };
  }

  /** Closes every connection, also those in use. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const serverUrl of this.#targets.keys()) this.forget(serverUrl);
    for (const target of this.#leaving) breakOff(target);
    this.#sweep.disarm();
    this.#rest.disarm();
    return Promise.resolve();
  }

  async #sendFresh(
    request: UpstreamRequest,
    context: Target,
    options: SendOptions,
  ): Promise<UpstreamResponse> {
    const connection = await context.connect(options);
    return await new Exchange(connection, request, { context, options, reused: false }).run();
  }

  #target(serverUrl: string): Target {
    let target = this.#targets.get(serverUrl);
    if (target === undefined) {
      target = this.#makeTarget(serverUrl);
      this.#targets.set(serverUrl, target);
    }
    return target;
  }

  #makeTarget(serverUrl: string): Target {
    const url = new URL(serverUrl);
    const pool = new ConnectionPool();
    const tls = url.protocol === "https:" ? this.#tlsFor(serverUrl) : this.#tls;
    const target: Target = {
      pool,
      connections: new Set(),
      cancelBreakOff: () => {},
      basePath: url.pathname.replace(/\/$/, ""),
      parser: this.#parser,
      responseQueue: this.#responseQueue,
      contentQueue: this.#contentQueue,
      connect: (options) => this.#connect(target, { url, tls }, options),
      release: (connection) => {
        pool.put(connection, this.#sweepQueue.now);
        if (this.#sweep.queue === undefined) this.#sweepQueue.add(this.#sweep);
        if (this.#rest.queue === undefined) this.#restQueue.add(this.#rest);
      },
    };
    return target;
  }

  #tlsFor(serverUrl: string): UpstreamTls {
    const serverName = this.#tls.serverName ?? this.#nameOf(serverUrl);
    return serverName === undefined ? this.#tls : { ...this.#tls, serverName };
  }

  async #connect(
    target: Target,
    { url, tls }: { url: URL; tls: UpstreamTls },
    { cancellation, record, freshConnection }: SendOptions,
  ): Promise<Connection> {
    const from = record === undefined ? 0 : this.#clock.now();
    const socket = await dial(url, {
      queue: this.#connectQueue,
      tls,
      cancellation,
    });
    if (record !== undefined) {
      record.connection = "new";
      record.connectTime = this.#clock.now() - from;
    }
    const connection = new Connection(socket, (closed) => {
      target.connections.delete(closed);
      this.#letGo(target);
    });
    target.connections.add(connection);
    if (freshConnection) connection.rest();
    // The transport may have been closed in the meantime.
    if (this.#closed) connection.close();
    return connection;
  }

  /** Forgets a removed server once its last connection is closed. */
  #letGo(target: Target): void {
    if (target.connections.size > 0 || !this.#leaving.delete(target)) return;
    target.cancelBreakOff();
  }

  /** Runs once per keep-alive timeout, so that a connection is closed after one to two of them. */
  #closeExpired(): void {
    const expired = this.#sweepQueue.now - this.#sweepQueue.milliseconds;
    let idle = 0;
    for (const { pool } of this.#targets.values()) {
      pool.closeIdleSince(expired);
      idle += pool.size;
    }
    if (idle > 0) this.#sweepQueue.add(this.#sweep);
  }
}

function closed(serverUrl: string): BalancerError {
  return new BalancerError("closed", `Cannot send to ${serverUrl}: the transport is closed`);
}

/**
 * Asks a server for a WebSocket (RFC 6455 §4).
 *
 * @param connection An open connection that nothing else uses.
 * @param request A GET without content, to which the handshake's fields are added.
 * @param settings How the request is sent.
 * @returns The open WebSocket, or the response by which the server refused it.
 * @throws {BalancerError} See {@linkcode WebSocketTransport.upgrade}. The connection is closed
 * then.
 */
async function openSocket(
  connection: Connection,
  request: UpstreamRequest,
  settings: ExchangeSettings,
): Promise<UpstreamResponse | UpstreamSocket> {
  const handshake = new SocketHandshake(request);
  const exchange = new Exchange(connection, handshake.request, { ...settings, upgrading: true });
  const response = await exchange.run();
  const switched = exchange.detach();
  if (switched === undefined) return response;
  try {
    const headers = await handshake.check(switched.head);
    return new Http1Socket(switched.connection, { headers, record: settings.options.record });
  } catch (error) {
    switched.connection.close();
    throw error;
  }
}

/** A server: its connections, and the context of its exchanges. */
interface Target extends ExchangeContext {
  readonly pool: ConnectionPool;
  /** The open connections, idle or not. */
  readonly connections: Set<Connection>;
  /** Cancels the timer that will abort them. */
  cancelBreakOff: () => void;
}

function breakOff(target: Target): void {
  for (const connection of [...target.connections]) connection.close();
}
