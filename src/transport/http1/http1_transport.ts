import type { Clock } from "../../core/clock.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import { Deadline, type DeadlineQueue, type Deadlines } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";
import type { SendOptions, Transport, UpstreamRequest, UpstreamResponse } from "../transport.ts";
import { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import { Exchange, type ExchangeContext } from "./exchange.ts";
import { Pool } from "./pool.ts";
import { ResponseHeadParser } from "./response_head.ts";

/** What a {@linkcode Http1Transport} runs on, and its limits. */
export interface Http1TransportOptions {
  /** The time. */
  readonly clock: Clock;
  /** The timer for everything that may take too long. */
  readonly deadlines: Deadlines;
  /** How long a connection may take, in milliseconds. Default: 5000. */
  readonly connectTimeout?: number;
  /** How long the head of a response may take once the request is sent, in ms. Default: 60000. */
  readonly responseTimeout?: number;
  /** How long content may stand still, in milliseconds. Default: 60000. */
  readonly contentTimeout?: number;
  /**
   * How long an idle connection is kept at least, in milliseconds; at most it is twice that. Default:
   * 60000.
   */
  readonly keepAliveTimeout?: number;
}

/** HTTP/1.1 to the servers over pooled TCP connections of Deno. */
export class Http1Transport implements Transport {
  readonly #clock: Clock;
  readonly #parser = new ResponseHeadParser();
  readonly #connectQueue: DeadlineQueue;
  readonly #responseQueue: DeadlineQueue;
  readonly #contentQueue: DeadlineQueue;
  readonly #sweepQueue: DeadlineQueue;
  readonly #targets = new Map<string, Target>();
  readonly #connections = new Set<Connection>();
  readonly #sweep = new Sweep(() => this.#closeExpired());
  #closed = false;

  /** @param options What to run on, and the limits. */
  constructor(options: Http1TransportOptions) {
    const { clock, deadlines } = options;
    this.#clock = clock;
    this.#connectQueue = deadlines.queue(options.connectTimeout ?? 5_000);
    this.#responseQueue = deadlines.queue(options.responseTimeout ?? 60_000);
    this.#contentQueue = deadlines.queue(options.contentTimeout ?? 60_000);
    this.#sweepQueue = deadlines.queue(options.keepAliveTimeout ?? 60_000);
  }

  /** Sends a request and waits for the head of the response. */
  async send(
    serverUrl: string,
    request: UpstreamRequest,
    options: SendOptions = {},
  ): Promise<UpstreamResponse> {
    const target = this.#target(serverUrl);
    const pooled = options.freshConnection ? undefined : target.pool.take();
    if (pooled !== undefined) {
      try {
        return await new Exchange(pooled, request, { context: target, options }).run();
      } catch (error) {
        // The server may close an idle connection in the moment in which it is used again. RFC 9112
        // §9.3.1 allows a second attempt where nothing can have been done twice.
        const stale = error instanceof BalancerError && error.code === "closed_early";
        if (!stale || !request.replayable) throw error;
      }
    }
    const fresh = await this.#dial(target, options.cancellation);
    return await new Exchange(fresh, request, { context: target, options }).run();
  }

  /** Closes the idle connections to a server; those in use close when they are done. */
  forget(serverUrl: string): void {
    this.#targets.get(serverUrl)?.pool.close();
    this.#targets.delete(serverUrl);
  }

  /** Closes every connection, also those in use. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const serverUrl of this.#targets.keys()) this.forget(serverUrl);
    for (const connection of this.#connections) connection.close();
    this.#sweep.meet();
    return Promise.resolve();
  }

  #target(serverUrl: string): Target {
    if (this.#closed) {
      throw new BalancerError("closed", `Cannot send to ${serverUrl}: the transport is closed`);
    }
    let target = this.#targets.get(serverUrl);
    if (target === undefined) {
      target = this.#makeTarget(serverUrl);
      this.#targets.set(serverUrl, target);
    }
    return target;
  }

  #makeTarget(serverUrl: string): Target {
    const url = new URL(serverUrl);
    const pool = new Pool();
    return {
      url,
      pool,
      basePath: url.pathname.replace(/\/$/, ""),
      parser: this.#parser,
      responseQueue: this.#responseQueue,
      contentQueue: this.#contentQueue,
      release: (connection) => {
        pool.put(connection, this.#clock.now());
        if (this.#sweep.queue === undefined) this.#sweepQueue.add(this.#sweep);
      },
    };
  }

  async #dial(target: Target, cancellation: Cancellation | undefined): Promise<Connection> {
    const socket = await dial(target.url, this.#connectQueue, cancellation);
    const connection = new Connection(socket, (closed) => this.#connections.delete(closed));
    this.#connections.add(connection);
    // The transport may have been closed while this was under way.
    if (this.#closed) connection.close();
    return connection;
  }

  /** Runs once in a keep-alive timeout, so a connection is closed after one to two of them. */
  #closeExpired(): void {
    const expired = this.#clock.now() - this.#sweepQueue.milliseconds;
    let idle = 0;
    for (const { pool } of this.#targets.values()) {
      pool.closeIdleSince(expired);
      idle += pool.size;
    }
    if (idle > 0) this.#sweepQueue.add(this.#sweep);
  }
}

/** A server: where it is, its idle connections, and what every exchange with it needs. */
interface Target extends ExchangeContext {
  readonly url: URL;
  readonly pool: Pool;
}

/** When idle connections are looked through. */
class Sweep extends Deadline {
  readonly #onDue: () => void;

  constructor(onDue: () => void) {
    super();
    this.#onDue = onDue;
  }

  override onDue(): void {
    this.#onDue();
  }
}
