import { getLogger } from "@logtape/logtape";
import type { DeadlineQueue } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { UpstreamResponse, UpstreamSocket } from "../upstream/transport.ts";
import { Delivery } from "./delivery.ts";
import { DEPARTURE_WATCH_MS, DisconnectWatch } from "./disconnect_watch.ts";
import { type Answer, Dispatcher, type DispatcherParts } from "./dispatcher.ts";
import { downstreamResponse, lastOnConnection, passedContent } from "./downstream_response.ts";
import { errorResponse, methodRefused } from "./error_response.ts";
import { trustedClientAddress } from "./forwarding.ts";
import {
  type IncomingRequest,
  type IncomingRules,
  type ListenerInfo,
  noteUpload,
  peerAddress,
  readIncoming,
} from "./incoming.ts";
import { READ_AHEAD_BYTES, ReadAhead } from "./read_ahead.ts";
import { Reception } from "./body_timeout.ts";
import { withRequestId } from "./request_id.ts";
import type { Instrumentation, RequestRecord } from "./request_record.ts";
import type { RequestTracing } from "./request_tracing.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import { refuseUpgrade } from "./upgrade_request.ts";
import type { WebSockets } from "./websockets.ts";

const logger = getLogger(["ballast", "proxy"]);

/** What a {@linkcode ProxyHandler} works with. */
export interface ProxyParts extends DispatcherParts {
  /** What to go by. */
  readonly settings: Pick<ProxySettings, "timeouts" | "retries" | "ejection" | "limits">;
  /** The proxies whose forwarding fields are believed. Default: none. */
  readonly trustedProxies?: TrustedProxies | undefined;
  /** Where open WebSockets live that came through no listener. */
  readonly webSockets: WebSockets;
  /** What takes note of each request. Default: nothing does. */
  readonly observation?: Instrumentation | undefined;
  /** What traces each request; needs an observation that tells it of their ends. Default: nothing. */
  readonly tracing?: RequestTracing | undefined;
}

/** What comes with a request. */
interface Circumstances {
  readonly info: ListenerInfo | undefined;
  readonly record: RequestRecord | undefined;
  readonly clientAddress: string | undefined;
}

/** Gives each request to a server and its response to the client. */
export class ProxyHandler {
  readonly #parts: ProxyParts;
  readonly #rules: IncomingRules;
  readonly #dispatcher: Dispatcher;
  readonly #departures: DeadlineQueue;
  /** For how clients take what they are given. */
  readonly #contentQueue: DeadlineQueue;
  readonly #readAhead = new ReadAhead(READ_AHEAD_BYTES);
  /** Requests that are not over yet, waiting ones included. */
  #inFlight = 0;
  #closed = false;
  readonly #onIdle: (() => void)[] = [];

  /** @param parts What to work with. */
  constructor(parts: ProxyParts) {
    const { deadlines, settings: { limits, timeouts } } = parts;
    this.#parts = parts;
    this.#rules = {
      limits,
      trustedProxies: parts.trustedProxies,
      reception: new Reception(deadlines, timeouts.content),
    };
    this.#dispatcher = new Dispatcher(parts);
    this.#departures = deadlines.queue(DEPARTURE_WATCH_MS);
    this.#contentQueue = deadlines.queue(timeouts.content * 1000);
  }

  /** How many requests wait on this thread for a server. */
  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  /**
   * Answers a request with a server's response, or with an error of its own: 400, 405, 408, 413,
   * 431, 502, 503 or 504. Never rejects.
   *
   * @param request What the client sent.
   * @param info What the runtime knows of the client and of the response's delivery.
   */
  fetch(request: Request, info?: ListenerInfo): Promise<Response> {
    const peer = peerAddress(info);
    const clientAddress = trustedClientAddress(this.#parts.trustedProxies, peer, request.headers);
    const record = this.#parts.observation?.begin(request, clientAddress);
    const around = { info, record, clientAddress };
    try {
      if (this.#closed) throw new BalancerError("closed", "The balancer is closed");
      // RFC 9110 §9.3.6, §9.3.8: no tunnels, and no way to have one's request read back.
      if (request.method === "CONNECT" || request.method === "TRACE") {
        return Promise.resolve(this.#refuse(around, methodRefused()));
      }
      const incoming = readIncoming(request, info, this.#rules);
      if (incoming instanceof Promise) return this.#receive(request, incoming, around);
      return this.#forward(request, incoming, around);
    } catch (thrown) {
      return Promise.resolve(this.#fail(around, thrown));
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

  /** Forwards a request once its content is there, and counts it as in flight until then. */
  #receive(
    request: Request,
    incoming: Promise<IncomingRequest>,
    around: Circumstances,
  ): Promise<Response> {
    this.#inFlight++;
    around.info?.listener?.receives(incoming);
    return incoming.then(
      (outgoing) => {
        // From here on it counts for itself.
        const answer = this.#forward(request, outgoing, around);
        this.#countEnd();
        return answer;
      },
      (thrown) => {
        this.#countEnd();
        return this.#fail(around, thrown);
      },
    );
  }

  async #forward(
    request: Request,
    outgoing: IncomingRequest,
    around: Circumstances,
  ): Promise<Response> {
    const { info, record, clientAddress } = around;
    if (outgoing.webSocket) {
      const refusal = refuseUpgrade(request);
      if (refusal !== undefined) return this.#refuse(around, refusal);
    }
    if (outgoing.body instanceof ReadableStream) noteUpload(info);
    const departure = new DisconnectWatch(request);
    this.#inFlight++;
    this.#departures.add(departure);
    try {
      const { tracing } = this.#parts;
      const sent = record?.id === undefined ? outgoing : withRequestId(outgoing, record.id);
      const traced = tracing !== undefined && record !== undefined
        ? await tracing.begin(sent, record)
        : sent;
      const answer = await this.#dispatcher.send(traced, {
        departure,
        releaseContent: info?.direct ?? false,
        clientAddress,
        record,
      });
      const { entry, response } = answer;
      if ("receive" in response) {
        return await this.#openSocket(request, { entry, socket: response }, around);
      }
      return lastOnConnection(this.#deliver(answer, response, around), info);
    } catch (thrown) {
      this.#countEnd();
      return this.#fail(around, thrown);
    } finally {
      departure.end();
    }
  }

  /** Opens a WebSocket to the client; the request is active until both sides are closed. */
  async #openSocket(
    request: Request,
    { entry: { slot }, socket }: { readonly entry: Entry; readonly socket: UpstreamSocket },
    { info, record }: Circumstances,
  ): Promise<Response> {
    const webSockets = info?.webSockets ?? this.#parts.webSockets;
    if (record !== undefined) record.status = 101;
    try {
      return await webSockets.open(request, socket, () => this.#end(slot, record));
    } catch (error) {
      this.#dispatcher.release(slot);
      throw error;
    }
  }

  /**
   * Passes a response on; the request is active until the client has it or gives up. What is in one
   * piece is the platform's from here on: it tells nobody when the client has that.
   */
  #deliver(answer: Answer, upstream: UpstreamResponse, around: Circumstances): Response {
    const { record } = around;
    if (record !== undefined) record.status = upstream.status;
    if (passedContent(upstream) instanceof ReadableStream) {
      return this.#deliverStream(answer, upstream, around);
    }
    const response = this.#makeResponse(answer, upstream);
    record?.endAtAnswer();
    upstream.discard();
    this.#end(answer.entry.slot, record);
    return response;
  }

  /** Apart from the rest, as its closures would cost the responses in one piece as well. */
  #deliverStream(
    answer: Answer,
    upstream: UpstreamResponse,
    { info, record }: Circumstances,
  ): Response {
    const completed = info?.completed;
    let delivery: Delivery | undefined = undefined;
    const onRead = completed === undefined ? () => delivery?.end() : undefined;
    const response = this.#makeResponse(answer, upstream, onRead);
    // Nothing may fail from here on: the end is counted now.
    const onEnd = (stall?: BalancerError) => {
      if (record !== undefined && stall !== undefined) record.failure ??= stall.code;
      upstream.discard(stall);
      // Where no platform tells of the end, nothing is known to hold a piece any more.
      if (completed === undefined) delivery?.end();
      this.#end(answer.entry.slot, record);
    };
    delivery = new Delivery({ queue: this.#contentQueue, readAhead: this.#readAhead, onEnd });
    upstream.receiver = delivery;
    completed?.then(() => delivery!.end(), () => {
      // What broke off at the server's side is noted already.
      if (record !== undefined) record.failure ??= "client_gone";
      delivery!.end();
    });
    return response;
  }

  #makeResponse(
    { entry, session }: Answer,
    upstream: UpstreamResponse,
    onRead?: () => void,
  ): Response {
    try {
      const response = downstreamResponse(upstream, onRead);
      session?.settle(response, entry.server.url);
      return response;
    } catch (error) {
      upstream.discard();
      this.#dispatcher.release(entry.slot);
      throw error;
    }
  }

  /** A request that a server was working on is over. */
  #end(slot: number, record: RequestRecord | undefined): void {
    // What is counted of a server is counted before it may be gone.
    this.#observe(record);
    this.#dispatcher.release(slot);
    this.#countEnd();
  }

  /** The response for a request that failed, in a way that was foreseen or not. */
  #fail(around: Circumstances, thrown: unknown): Response {
    const { record } = around;
    if (thrown instanceof BalancerError) {
      if (record !== undefined) record.failure = thrown.code;
      return this.#refuse(around, errorResponse(thrown));
    }
    logger.error("Unexpected: {thrown}", { thrown });
    return this.#fail(around, new BalancerError("internal", String(thrown), { cause: thrown }));
  }

  /** A response of one's own: the request is over. */
  #refuse({ info, record }: Circumstances, response: Response): Response {
    lastOnConnection(response, info);
    if (record === undefined) return response;
    record.noteRefusal(response);
    this.#observe(record);
    return response;
  }

  #observe(record: RequestRecord | undefined): void {
    if (record !== undefined) this.#parts.observation!.end(record);
  }

  #countEnd(): void {
    if (--this.#inFlight > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
