import { getLogger } from "@logtape/logtape";
import type { ProxyHandler } from "../../proxy/handler.ts";
import type { ListenerInfo } from "../../proxy/incoming_request.ts";
import type { WebSockets } from "../../proxy/websockets.ts";
import { type PlatformServer, serveWithRestart } from "./serve_with_restart.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { BalancerError } from "../../model/errors.ts";
import { type DrainableServer, ListenerDrain } from "./listener_drain.ts";

const logger = getLogger(["ballast", "listen"]);

/** Options of `Deno.serve` that a {@linkcode WebListener} passes on. */
export interface ServeOptions {
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** Whether other threads may share the port. Default: false. */
  readonly reusePort?: boolean;
  /** The certificate chain in PEM form, for TLS. Default: none. */
  readonly cert?: string;
  /** The private key in PEM form. Default: none. */
  readonly key?: string;
  /** Stops accepting and aborts every request. Default: none. */
  readonly signal?: AbortSignal;
}

/** Parts of the balancer that a {@linkcode WebListener} uses. */
export interface WebListenerParts {
  /** Handles the requests. */
  readonly handler: ProxyHandler;
  /** The WebSockets of this listener. */
  readonly webSockets: WebSockets;
  /** Resolves when the open requests have been aborted. */
  readonly brokenOff: Promise<void>;
}

/** Information that is the same for all requests of a listener. */
type Shared = Required<Pick<ListenerInfo, "scheme" | "listener" | "webSockets">>;

/** Information about one request; small, as there is one object for each. */
class WebInfo implements ListenerInfo {
  readonly #platform: Deno.ServeHandlerInfo;
  readonly #shared: Shared;
  readonly remoteAddr: Deno.Addr;

  constructor(platform: Deno.ServeHandlerInfo, shared: Shared) {
    this.#platform = platform;
    this.#shared = shared;
    this.remoteAddr = platform.remoteAddr;
  }

  get scheme(): Shared["scheme"] {
    return this.#shared.scheme;
  }

  get listener(): Shared["listener"] {
    return this.#shared.listener;
  }

  get webSockets(): Shared["webSockets"] {
    return this.#shared.webSockets;
  }

  get direct(): boolean {
    return true;
  }

  /** Read on demand: the platform creates it on access, which pays only for streamed content. */
  get completed(): Promise<void> {
    return this.#platform.completed;
  }
}

/** A port on which connections are accepted with `Deno.serve`. */
export class WebListener implements DrainableServer {
  readonly #parts: WebListenerParts;
  readonly #drain = new ListenerDrain(systemClock);
  readonly #abort = new AbortController();
  readonly #server: PlatformServer;
  #isShutDown = false;
  /** See {@linkcode PlatformServer}. */
  readonly finished: Promise<void>;

  /**
   * Starts listening.
   *
   * @param options The address, and a certificate for TLS.
   * @param parts The handler and the WebSockets.
   * @throws {BalancerError} `unsupported` on other runtimes; and exceptions of `Deno.serve`.
   */
  constructor(options: ServeOptions, parts: WebListenerParts) {
    checkCanListen();
    this.#parts = parts;
    const breakOff = () => this.breakOff();
    if (options.signal?.aborted) breakOff();
    options.signal?.addEventListener("abort", breakOff, { once: true });
    const start = (port: number) => this.#start({ ...options, port });
    this.#server = serveWithRestart(start, options.port, this.#abort.signal);
    this.finished = this.#server.finished;
    this.finished.then(() => options.signal?.removeEventListener("abort", breakOff));
  }

  /** See {@linkcode PlatformServer}. */
  get addr(): PlatformServer["addr"] {
    return this.#server.addr;
  }

  /** See {@linkcode DrainableServer}. */
  drain(): void {
    this.#drain.begin();
  }

  /** See {@linkcode DrainableServer}. */
  shutdown(limit?: number): Promise<void> {
    const { webSockets, brokenOff } = this.#parts;
    const told = this.#drain.quiet(Promise.race([this.finished, brokenOff]), limit);
    // The platform would cut every WebSocket off as soon as it stops accepting.
    return webSockets.closing(() => this.#stop(told));
  }

  /** Stops accepting, and aborts the open requests as far as the platform does. */
  breakOff(): void {
    // During a shutdown, Deno (2.9) turns an abort into an error that nobody can catch.
    if (!this.#isShutDown) this.#abort.abort();
  }

  async #stop(told: Promise<void>): Promise<void> {
    const { handler, webSockets } = this.#parts;
    await told;
    if (webSockets.stuck === 0) {
      this.#isShutDown = true;
      return await this.#server.shutdown();
    }
    // The platform would wait for these for ever.
    await handler.idle();
    this.breakOff();
    await this.finished;
  }

  #start(options: ServeOptions): PlatformServer {
    const { handler, webSockets } = this.#parts;
    const listener = this.#drain;
    // A client can claim any scheme: in an absolute-form target, and in HTTP/2.
    const scheme = options.cert === undefined ? "http" : "https";
    const shared = { scheme, listener, webSockets };
    return Deno.serve(
      {
        ...options,
        signal: this.#abort.signal,
        onListen: () => {},
        // Also called for a response that breaks off after its head; the client sees it break off.
        onError: (error) => {
          logger.debug("A response broke off: {error}", { error });
          return new Response(null, { status: 502 });
        },
        // A proxy forwards content unchanged (RFC 9110 §7.7).
        automaticCompression: false,
      },
      (request, platform) => {
        listener.requests++;
        return handler.fetch(request, new WebInfo(platform, shared));
      },
    );
  }
}

/**
 * Checks that the runtime has `Deno.serve`.
 *
 * @throws {BalancerError} `unsupported` where it does not; the message says what to do instead.
 */
export function checkCanListen(): void {
  if (typeof Deno !== "undefined" && "serve" in Deno) return;
  throw new BalancerError(
    "unsupported",
    "Cannot listen: only Deno can. Give balancer.fetch to the runtime's own server: on Bun, " +
      "Bun.serve({ fetch: balancer.fetch }); on Node, createServer(getRequestListener(" +
      "balancer.fetch)) with createServer of node:http and getRequestListener of @hono/node-server",
  );
}
