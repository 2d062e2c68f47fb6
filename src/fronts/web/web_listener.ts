import { getLogger } from "@logtape/logtape";
import type { ProxyHandler } from "../../proxy/handler.ts";
import type { ListenerInfo } from "../../proxy/incoming_request.ts";
import type { WebSockets } from "../../proxy/websockets.ts";
import { type PlatformServer, serveWithRestart } from "./serve_with_restart.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { checkCanListen } from "./check_can_listen.ts";
import { type DrainableServer, ListenerDrain } from "./listener_drain.ts";

const logger = getLogger(["ballast", "listen"]);

/** Where to accept connections. */
export interface ServeOptions {
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** The address. */
  readonly hostname: string;
  /** Shares the port with other threads that say the same. Default: false. */
  readonly reusePort?: boolean;
  /** The certificate chain in PEM form; with it and the key, TLS is spoken. Default: none. */
  readonly cert?: string;
  /** The private key in PEM form. Default: none. */
  readonly key?: string;
  /** Stops accepting and breaks everything off. Default: none. */
  readonly signal?: AbortSignal;
}

/** What a {@linkcode WebListener} works with. */
export interface WebListenerParts {
  /** Answers the requests. */
  readonly handler: ProxyHandler;
  /** Where the WebSockets of this listener live. */
  readonly webSockets: WebSockets;
  /** Resolves when what is under way has been broken off. */
  readonly brokenOff: Promise<void>;
}

/** What a listener tells about all of its requests. */
type Shared = Required<Pick<ListenerInfo, "scheme" | "listener" | "webSockets">>;

/** What a listener tells about a request: there is one for each, so it is small. */
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

  /** Made by the platform when it is asked for, which only content that streams is worth. */
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
   * Begins to listen.
   *
   * @param options Where.
   * @param parts What to work with.
   * @throws {BalancerError} `unsupported` on other runtimes; and what `Deno.serve` throws.
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
    // The platform would cut every WebSocket off in the moment in which it stops accepting.
    return webSockets.closing(() => this.#stop(told));
  }

  /** Stops accepting, and breaks off what is under way as far as the platform does. */
  breakOff(): void {
    // Where Deno (2.9) shuts down already, an abort is an error that nobody can catch.
    if (!this.#isShutDown) this.#abort.abort();
  }

  async #stop(told: Promise<void>): Promise<void> {
    const { handler, webSockets } = this.#parts;
    await told;
    if (webSockets.stuck === 0) {
      this.#isShutDown = true;
      return await this.#server.shutdown();
    }
    // The platform would wait for them for ever.
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
        // A response that breaks off after its head ends here too; the client sees it break off.
        onError: (error) => {
          logger.debug("A response broke off: {error}", { error });
          return new Response(null, { status: 502 });
        },
        // A proxy passes content on as it is (RFC 9110 §7.7).
        automaticCompression: false,
      },
      (request, platform) => {
        listener.requests++;
        return handler.fetch(request, new WebInfo(platform, shared));
      },
    );
  }
}
