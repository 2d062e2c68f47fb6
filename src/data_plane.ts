import { getLogger } from "@logtape/logtape";
import { Deadlines } from "./core/deadlines.ts";
import type { SlotDirectory } from "./core/registry.ts";
import type { ProxySettings } from "./core/settings.ts";
import type { StateTable } from "./core/state_table.ts";
import { LeastConnections } from "./policies/least_connections.ts";
import { ProxyHandler } from "./proxy/handler.ts";
import { WebSockets } from "./proxy/websockets.ts";
import { systemClock } from "./system_clock.ts";
import { Http1Transport } from "./transport/http1/http1_transport.ts";
import type { WebSocketTransport } from "./transport/transport.ts";

const logger = getLogger(["ballast", "listen"]);

/** Where to accept connections. */
export interface ServeOptions {
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** Shares the port with other threads that say the same. Default: false. */
  readonly reusePort?: boolean;
  /** Stops accepting and breaks everything off. Default: none. */
  readonly signal?: AbortSignal;
}

/** A port on which connections are accepted. */
export interface Serving {
  /** Where it listens. */
  readonly addr: Deno.NetAddr;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
  /**
   * Closes every WebSocket with the status code 1001, accepts no more, and resolves when what is
   * under way is over.
   */
  shutdown(): Promise<void>;
}

/** What picks servers and moves requests: one for each thread that accepts connections. */
export class DataPlane {
  readonly #deadlines = new Deadlines(systemClock);
  readonly #webSockets = new WebSockets({ deadlines: this.#deadlines, clock: systemClock });
  readonly #handler: ProxyHandler;
  /** What moves requests to the servers. */
  readonly transport: WebSocketTransport;

  /**
   * @param registry Where the server in a slot is found.
   * @param table The servers' state, in which this thread counts.
   * @param settings What to go by.
   */
  constructor(registry: SlotDirectory, table: StateTable, settings: ProxySettings) {
    const { timeouts } = settings;
    this.transport = new Http1Transport({
      clock: systemClock,
      deadlines: this.#deadlines,
      connectTimeout: timeouts.connect * 1000,
      responseTimeout: timeouts.response * 1000,
      contentTimeout: timeouts.content * 1000,
      keepAliveTimeout: timeouts.keepAlive * 1000,
    });
    this.#handler = new ProxyHandler({
      registry,
      table,
      policy: new LeastConnections(),
      transport: this.transport,
      deadlines: this.#deadlines,
      webSockets: this.#webSockets,
    });
  }

  /** See {@linkcode ProxyHandler.fetch}. */
  readonly fetch: ProxyHandler["fetch"] = (request, info) => this.#handler.fetch(request, info);

  /** Accepts connections with `Deno.serve`, and throws what that throws. */
  serve(options: ServeOptions): Serving {
    const server = Deno.serve(
      {
        ...options,
        onListen: () => {},
        // A response that breaks off after its head ends here too; the client sees it break off.
        onError: (error) => {
          logger.debug("A response broke off: {error}", { error });
          return new Response(null, { status: 502 });
        },
        // A proxy passes content on as it is (RFC 9110 §7.7).
        automaticCompression: false,
      },
      (request, { remoteAddr, completed }) =>
        this.#handler.fetch(request, { remoteAddr, completed, direct: true }),
    );
    return {
      addr: server.addr,
      finished: server.finished,
      // The platform would cut every WebSocket off in the moment in which it stops accepting.
      shutdown: () => this.#webSockets.closing(() => server.shutdown()),
    };
  }

  /**
   * Refuses new requests, closes the WebSockets, waits for what is under way, and closes every
   * connection.
   *
   * @param signal Ends the wait; requests that are still under way are broken off.
   */
  async close(signal?: AbortSignal): Promise<void> {
    const drained = this.#handler.drain();
    await Promise.race([this.#webSockets.closing(() => drained), aborted(signal)]);
    this.#webSockets.destroy();
    await this.transport[Symbol.asyncDispose]();
    this.#deadlines.clear();
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}
