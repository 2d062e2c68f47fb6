import type { Clock } from "../../core/clock.ts";
import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";
import type { SendOptions, Transport, UpstreamRequest, UpstreamResponse } from "../transport.ts";
import type { Connection } from "./connection.ts";
import { dial } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import { Pool } from "./pool.ts";

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
  /** How long an idle connection is kept, in milliseconds. Default: 60000. */
  readonly keepAliveTimeout?: number;
}

interface Target {
  readonly url: URL;
  readonly basePath: string;
  readonly pool: Pool;
}

/** HTTP/1.1 to the servers over pooled TCP connections of Deno. */
export class Http1Transport implements Transport {
  readonly #clock: Clock;
  readonly #deadlines: Deadlines;
  readonly #connectTimeout: number;
  readonly #responseTimeout: number;
  readonly #contentTimeout: number;
  readonly #keepAliveTimeout: number;
  readonly #targets = new Map<string, Target>();
  readonly #busy = new Set<Connection>();
  #sweep: Deadline | undefined;
  #closed = false;

  /** @param options What to run on, and the limits. */
  constructor(options: Http1TransportOptions) {
    this.#clock = options.clock;
    this.#deadlines = options.deadlines;
    this.#connectTimeout = options.connectTimeout ?? 5_000;
    this.#responseTimeout = options.responseTimeout ?? 60_000;
    this.#contentTimeout = options.contentTimeout ?? 60_000;
    this.#keepAliveTimeout = options.keepAliveTimeout ?? 60_000;
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
        return await this.#exchange(pooled, target, request, options);
      } catch (error) {
        // The server may close an idle connection in the moment in which it is used again. RFC 9112
        // §9.3.1 allows a second attempt where nothing can have been done twice.
        const stale = error instanceof BalancerError && error.code === "closed_early";
        if (!stale || !request.replayable) throw error;
      }
    }
    const fresh = await dial(target.url, {
      deadlines: this.#deadlines,
      timeout: this.#connectTimeout,
      cancellation: options.cancellation,
    });
    return await this.#exchange(fresh, target, request, options);
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
    for (const connection of this.#busy) connection.close();
    this.#busy.clear();
    if (this.#sweep !== undefined) this.#deadlines.cancel(this.#sweep);
    return Promise.resolve();
  }

  #target(serverUrl: string): Target {
    if (this.#closed) {
      throw new BalancerError("closed", `Cannot send to ${serverUrl}: the transport is closed`);
    }
    let target = this.#targets.get(serverUrl);
    if (target === undefined) {
      const url = new URL(serverUrl);
      target = { url, basePath: url.pathname.replace(/\/$/, ""), pool: new Pool() };
      this.#targets.set(serverUrl, target);
    }
    return target;
  }

  async #exchange(
    connection: Connection,
    target: Target,
    request: UpstreamRequest,
    options: SendOptions,
  ): Promise<UpstreamResponse> {
    if (this.#closed) connection.close();
    this.#busy.add(connection);
    const exchange = new Exchange(connection, request, {
      basePath: target.basePath,
      close: options.freshConnection ?? false,
      deadlines: this.#deadlines,
      responseTimeout: this.#responseTimeout,
      contentTimeout: this.#contentTimeout,
      cancellation: options.cancellation,
      releaseContent: options.releaseContent ?? false,
      onEnd: (reusable) => {
        this.#busy.delete(connection);
        if (reusable) this.#keep(target, connection);
        else connection.close();
      },
    });
    return await exchange.run();
  }

  #keep(target: Target, connection: Connection): void {
    target.pool.put(connection, this.#clock.now());
    this.#sweep ??= this.#deadlines.start(this.#keepAliveTimeout, () => this.#closeExpired());
  }

  #closeExpired(): void {
    const expired = this.#clock.now() - this.#keepAliveTimeout;
    let idle = 0;
    for (const { pool } of this.#targets.values()) {
      pool.closeIdleSince(expired);
      idle += pool.size;
    }
    this.#sweep = idle > 0
      ? this.#deadlines.start(this.#keepAliveTimeout / 4, () => this.#closeExpired())
      : undefined;
  }
}
