import type { Clock } from "../../runtime/clock.ts";
import type { DeadlineQueue, Deadlines } from "../../runtime/deadlines.ts";
import { BalancerError } from "../../model/errors.ts";
import type { UpstreamTls } from "../../model/settings.ts";
import { closedEarly, incomplete } from "../../http1/response_errors.ts";
import type { UpstreamRequest } from "../../http1/message.ts";
import type {
  ConnectionCounts,
  SendOptions,
  UpstreamResponse,
  UpstreamSocket,
  WebSocketTransport,
} from "../transport.ts";
import { FetchExchange } from "./fetch_exchange.ts";
import { type FetchFeatures, findFetchFeatures } from "./fetch_features.ts";

/** Options of a {@linkcode FetchTransport}. */
export interface FetchTransportOptions {
  /** The time. */
  readonly clock: Clock;
  /** The timer for everything that may take too long. */
  readonly deadlines: Deadlines;
  /** How long a connection may take, in milliseconds. Default: 5000. */
  readonly connectTimeout?: number;
  /**
   * How long the head of a response may take once the request is sent, in milliseconds. `fetch`
   * does not tell when it has a connection, so both times together are one limit. Default: 60000.
   */
  readonly responseTimeout?: number;
  /** How long content may stand still, in milliseconds. Default: 60000. */
  readonly contentTimeout?: number;
  /** How `https:` servers are verified. Must be empty: `fetch` has no setting for it. */
  readonly tls?: UpstreamTls;
  /** The features of the runtime's `fetch`. Default: those known of the runtime. */
  readonly features?: FetchFeatures;
}

/** A server with requests under way. */
interface Target {
  readonly exchanges: Set<FetchExchange>;
  /** Calls off that they are broken off. */
  cancelBreakOff: () => void;
}

/**
 * HTTP to the servers by the runtime's `fetch`, for runtimes without anything better. What `fetch`
 * would do to a message on its way is put right or refused; what can be neither:
 *
 * - `Host` is the server's own but on Bun; the client's is in `X-Forwarded-Host`.
 * - `fetch` adds `Accept`, `Accept-Language` and `User-Agent` where the client sent none; Node also
 *   writes `Sec-Fetch-Mode: cors`, over what the client sent.
 * - But on Bun, the servers are asked for content without a coding, as `fetch` would decode it.
 * - Node passes an answer on that comes before the request's content is over only after that.
 * - Connections are the runtime's: they cannot be counted, nor can it be told from a timeout
 *   whether there was one. What cannot be told counts as sent.
 */
export class FetchTransport implements WebSocketTransport {
  readonly #clock: Clock;
  readonly #features: FetchFeatures;
  readonly #responseQueue: DeadlineQueue;
  readonly #contentQueue: DeadlineQueue;
  readonly #targets = new Map<string, Target>();
  /** Servers that are no longer used, with requests under way. */
  readonly #leaving = new Set<Target>();
  #closed = false;

  /**
   * @param options Clock, deadlines, timeouts and features.
   * @throws {BalancerError} `unsupported` where `https:` servers are to be verified by anything but
   * what the runtime trusts.
   */
  constructor(options: FetchTransportOptions) {
    const { clock, deadlines, connectTimeout = 5_000, responseTimeout = 60_000 } = options;
    refuseTls(options.tls ?? {});
    this.#clock = clock;
    this.#features = options.features ?? findFetchFeatures();
    this.#responseQueue = deadlines.queue(connectTimeout + responseTimeout);
    this.#contentQueue = deadlines.queue(options.contentTimeout ?? 60_000);
  }

  /** Sends a request and waits for the head of the response. */
  send(
    serverUrl: string,
    request: UpstreamRequest,
    options: SendOptions = {},
  ): Promise<UpstreamResponse> {
    if (this.#closed) {
      return Promise.reject(
        new BalancerError("closed", `Cannot send to ${serverUrl}: the transport is closed`),
      );
    }
    const target = this.#target(serverUrl);
    const exchange = new FetchExchange(request, {
      serverUrl,
      features: this.#features,
      responseQueue: this.#responseQueue,
      contentQueue: this.#contentQueue,
      onEnd: (ended) => this.#end(serverUrl, target, ended),
    }, options);
    target.exchanges.add(exchange);
    return exchange.run();
  }

  /** Refuses: `fetch` cannot switch protocols. */
  upgrade(serverUrl: string): Promise<UpstreamResponse | UpstreamSocket> {
    const message =
      `Cannot open a WebSocket to ${serverUrl}: this runtime's fetch does not support it; run on Deno`;
    return Promise.reject(new BalancerError("unsupported", message));
  }

  /** Lets the requests to a server finish; those that take longer are broken off. */
  forget(serverUrl: string, drain?: number): void {
    const target = this.#targets.get(serverUrl);
    if (target === undefined) return;
    this.#targets.delete(serverUrl);
    this.#leaving.add(target);
    if (drain === undefined) return;
    target.cancelBreakOff = this.#clock.after(drain * 1000, () => breakOff(target));
  }

  /** Zeros: the connections are the runtime's, which does not tell. */
  connections(_serverUrl: string): ConnectionCounts {
    return { open: 0, idle: 0 };
  }

  /** Breaks off what is under way. Idle connections are the runtime's to close. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const serverUrl of this.#targets.keys()) this.forget(serverUrl);
    for (const target of this.#leaving) breakOff(target);
    return Promise.resolve();
  }

  #target(serverUrl: string): Target {
    let target = this.#targets.get(serverUrl);
    if (target === undefined) {
      target = { exchanges: new Set(), cancelBreakOff: () => {} };
      this.#targets.set(serverUrl, target);
    }
    return target;
  }

  /** Nothing is left of a server: forgets it altogether. */
  #end(serverUrl: string, target: Target, exchange: FetchExchange): void {
    target.exchanges.delete(exchange);
    if (target.exchanges.size > 0) return;
    if (this.#targets.get(serverUrl) === target) this.#targets.delete(serverUrl);
    if (this.#leaving.delete(target)) target.cancelBreakOff();
  }
}

function breakOff(target: Target): void {
  for (const exchange of [...target.exchanges]) {
    exchange.cancel(exchange.status === 0 ? closedEarly() : incomplete());
  }
}

function refuseTls({ caCerts = [], serverName }: UpstreamTls): void {
  if (caCerts.length === 0 && serverName === undefined) return;
  const what = serverName === undefined ? "caCerts" : "serverName";
  throw new BalancerError(
    "unsupported",
    `Cannot use upstreamTls.${what}: this runtime's fetch has no setting for it. Leave it ` +
      "out and name further authorities in NODE_EXTRA_CA_CERTS, or run on Deno",
  );
}
