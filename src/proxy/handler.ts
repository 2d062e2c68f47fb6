import { getLogger } from "@logtape/logtape";
import type { DeadlineQueue, Deadlines } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";
import type { Entry } from "../core/registry.ts";
import type { ProxySettings } from "../core/settings.ts";
import { WaitingRoom } from "../core/waiting_room.ts";
import type {
  UpstreamResponse,
  UpstreamSocket,
  WebSocketTransport,
} from "../transport/transport.ts";
import type { PickContext } from "../core/policy.ts";
import { Departure } from "./departure.ts";
import { downstreamResponse, passedContent } from "./downstream_response.ts";
import { errorResponse } from "./error_response.ts";
import { FailureWatch, type StandingReport } from "./failure_watch.ts";
import {
  ALLOWED_METHODS,
  type IncomingRequest,
  type IncomingRules,
  type ListenerInfo,
  peerAddress,
  readIncoming,
} from "./incoming.ts";
import { Picker, type PickerParts } from "./picker.ts";
import { receive } from "./reception.ts";
import { remedyFor } from "./retry.ts";
import { RetryBudget } from "./retry_budget.ts";
import type { StickySession, StickySessions } from "./sticky.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { refuseUpgrade } from "./upgrade_request.ts";
import { WaitingQueue } from "./waiting_queue.ts";
import type { WebSockets } from "./websockets.ts";

const logger = getLogger(["ballast", "proxy"]);

/**
 * How long a request waits for its response before anyone looks whether the client is still there,
 * in milliseconds. Listening from the start would cost every request a quarter of the throughput.
 */
const DEPARTURE_WATCH_MS = 100;

const NOTHING_TRIED: readonly number[] = [];

/** What a {@linkcode ProxyHandler} works with. */
export interface ProxyParts extends PickerParts {
  /** What moves the requests. */
  readonly transport: WebSocketTransport;
  /** The timer for requests that wait. */
  readonly deadlines: Deadlines;
  /** What to go by. */
  readonly settings: Omit<ProxySettings, "policy">;
  /** Takes what there is to say about a server. */
  readonly report: (report: StandingReport) => void;
  /** What keeps clients at a server. Default: nothing does. */
  readonly sticky?: StickySessions | undefined;
  /** The proxies whose forwarding fields are believed. Default: none. */
  readonly trustedProxies?: TrustedProxies | undefined;
  /** Where open WebSockets live. */
  readonly webSockets: WebSockets;
}

/** What a server answered. */
interface Answer {
  readonly entry: Entry;
  readonly response: UpstreamResponse | UpstreamSocket;
  readonly session: StickySession | undefined;
}

/** Gives each request to a server and its response to the client. */
export class ProxyHandler {
  readonly #parts: ProxyParts;
  readonly #rules: IncomingRules;
  readonly #picker: Picker;
  readonly #waiting: WaitingQueue;
  readonly #watch: FailureWatch;
  readonly #budget: RetryBudget;
  readonly #departures: DeadlineQueue;
  readonly #receptions: DeadlineQueue;
  /** Requests that are not over yet, waiting ones included. */
  #inFlight = 0;
  #closed = false;
  readonly #onIdle: (() => void)[] = [];

  /** @param parts What to work with. */
  constructor(parts: ProxyParts) {
    const { table, deadlines, settings: { ejection, limits, retries, timeouts }, report } = parts;
    this.#parts = parts;
    this.#rules = { limits, trustedProxies: parts.trustedProxies };
    this.#picker = new Picker(parts);
    this.#waiting = new WaitingQueue({
      deadlines,
      length: limits.queue,
      timeout: timeouts.queue * 1000,
      room: table.memory.threads === 1 ? undefined : new WaitingRoom(table.memory, table.thread),
    });
    this.#watch = new FailureWatch({ table, ejection, report });
    this.#budget = new RetryBudget(retries.budget);
    this.#departures = deadlines.queue(DEPARTURE_WATCH_MS);
    this.#receptions = deadlines.queue(timeouts.content * 1000);
  }

  /**
   * Answers a request with a server's response, or with an error of its own: 400, 405, 408, 413,
   * 431, 502, 503 or 504. Never rejects.
   *
   * @param request What the client sent.
   * @param info What the runtime knows of the client and of the response's delivery.
   */
  fetch(request: Request, info?: ListenerInfo): Promise<Response> {
    try {
      if (this.#closed) throw new BalancerError("closed", "The balancer is closed");
      // RFC 9110 §9.3.6, §9.3.8: no tunnels, and no way to have one's request read back.
      if (request.method === "CONNECT" || request.method === "TRACE") {
        return Promise.resolve(methodRefused());
      }
      const incoming = readIncoming(request, info, this.#rules);
      if (!(incoming instanceof Promise)) return this.#forward(request, incoming, info);
      return receive(incoming, this.#receptions)
        .then((outgoing) => this.#forward(request, outgoing, info), failureResponse);
    } catch (thrown) {
      return Promise.resolve(failureResponse(thrown));
    }
  }

  /** Refuses new requests from now on and waits until the last one that is active is over. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  /** Waits until no request is active. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async #forward(
    request: Request,
    outgoing: IncomingRequest,
    info: ListenerInfo | undefined,
  ): Promise<Response> {
    if (outgoing.webSocket) {
      const refusal = refuseUpgrade(request);
      if (refusal !== undefined) return refusal;
    }
    const departure = new Departure(request);
    this.#inFlight++;
    this.#departures.add(departure);
    this.#budget.countRequest(this.#departures.now);
    try {
      const { entry, response, session } = await this.#send(outgoing, departure, {
        info,
        clientAddress: this.#clientAddress(request, info),
      });
      if ("receive" in response) return await this.#openSocket(request, entry, response);
      const delivered = this.#deliver(entry, response, info);
      session?.settle(delivered.headers, entry.server.url);
      return delivered;
    } catch (thrown) {
      this.#countEnd();
      return failureResponse(thrown);
    } finally {
      departure.end();
    }
  }

  /** Sends the request to one server after the other, until one answers or none may be tried. */
  async #send(
    outgoing: IncomingRequest,
    { cancellation }: Departure,
    { info, clientAddress }: { info: ListenerInfo | undefined; clientAddress: string | undefined },
  ): Promise<Answer> {
    const { transport, settings: { retries } } = this.#parts;
    const options = { cancellation, releaseContent: info?.direct ?? false };
    const session = this.#parts.sticky?.begin(outgoing, clientAddress);
    const context = session ?? { clientAddress };
    const sent = session?.request ?? outgoing;
    let tried = NOTHING_TRIED;
    let failure: BalancerError | undefined;
    for (;;) {
      const picked = this.#pick(tried, context);
      const entry = picked === "full"
        ? await this.#waiting.wait({
          pick: () => this.#picker.pick(tried, context),
          first: tried.length === 0,
          cancellation,
        })
        : picked;
      if (entry === undefined) throw failure ?? noServer();
      try {
        const response = outgoing.webSocket
          ? await transport.upgrade(entry.server.url, sent, options)
          : await transport.send(entry.server.url, sent, options);
        this.#watch.answered(entry, "receive" in response ? 101 : response.status);
        return { entry, response, session };
      } catch (thrown) {
        this.#release(entry.slot);
        if (!(thrown instanceof BalancerError)) throw thrown;
        failure = thrown;
      }
      const { url } = entry.server;
      logger.debug("{url} failed: {message}", { url, message: failure.message });
      this.#watch.failed(entry, failure);
      tried = [...tried, entry.slot];
      if (tried.length >= retries.tries) throw failure;
      const remedy = remedyFor(failure, outgoing);
      if (remedy === "none") throw failure;
      if (remedy === "retry" && !this.#budget.tryRetry(this.#departures.now)) throw failure;
    }
  }

  #clientAddress(request: Request, info: ListenerInfo | undefined): string | undefined {
    const peer = peerAddress(info);
    const { trustedProxies } = this.#parts;
    if (trustedProxies === undefined) return peer;
    return trustedProxies.clientAddress(peer, request.headers.get("x-forwarded-for"));
  }

  /** Picks a server that was not tried and counts the request as active there. */
  #pick(tried: readonly number[], context: PickContext): ReturnType<Picker["pick"]> {
    // Those who wait already come first, on whichever thread.
    if (this.#waiting.crowded && tried.length === 0) return "full";
    return this.#picker.pick(tried, context);
  }

  /** Opens a WebSocket to the client; the request is active until both sides are closed. */
  async #openSocket(request: Request, { slot }: Entry, server: UpstreamSocket): Promise<Response> {
    try {
      return await this.#parts.webSockets.open(request, server, () => {
        this.#release(slot);
        this.#countEnd();
      });
    } catch (error) {
      this.#release(slot);
      throw error;
    }
  }

  /** Passes a response on; the request is active until the client has it or gives up. */
  #deliver(entry: Entry, upstream: UpstreamResponse, info: ListenerInfo | undefined): Response {
    const finish = () => {
      upstream.discard();
      this.#release(entry.slot);
      this.#countEnd();
    };
    const completed = info?.completed;
    let response: Response;
    try {
      response = downstreamResponse(upstream, completed === undefined ? finish : undefined);
    } catch (error) {
      upstream.discard();
      this.#release(entry.slot);
      throw error;
    }
    // Nothing may fail from here on: the end of the request is counted now. A response in one piece
    // is over for the platform as well as soon as it has it.
    if (passedContent(upstream) instanceof ReadableStream) completed?.then(finish, finish);
    else finish();
    return response;
  }

  /** The server in this slot is done with a request: whoever waits for it may go there. */
  #release(slot: number): void {
    this.#parts.table.finish(slot);
    if (this.#waiting.crowded) this.#waiting.wake();
  }

  #countEnd(): void {
    if (--this.#inFlight > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

/** The response for a request that failed, in a way that was foreseen or not. */
function failureResponse(thrown: unknown): Response {
  if (thrown instanceof BalancerError) return errorResponse(thrown);
  logger.error("Unexpected: {thrown}", { thrown });
  return errorResponse(new BalancerError("internal", String(thrown), { cause: thrown }));
}

function methodRefused(): Response {
  return new Response("405 Method Not Allowed: CONNECT and TRACE are not passed on.\n", {
    status: 405,
    headers: { "content-type": "text/plain; charset=utf-8", "allow": ALLOWED_METHODS },
  });
}

function noServer(): BalancerError {
  return new BalancerError("no_server", "There is no server that takes requests");
}
