import { getLogger } from "@logtape/logtape";
import type { DeadlineQueue } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { UpstreamResponse, UpstreamSocket } from "../upstream/transport.ts";
import { Delivery, READ_AHEAD_BYTES, ReadAhead } from "./delivery.ts";
import { refuseUpgrade } from "./client_upgrade.ts";
import { DISCONNECT_WATCH_MS, DisconnectWatch } from "./disconnect_watch.ts";
import { type Answer, Dispatcher, type DispatcherParts } from "./dispatcher.ts";
import { closeIfDraining, downstreamResponse, forwardedContent } from "./downstream_response.ts";
import { trustedClientAddress } from "./forwarding.ts";
import { type IncomingRules, readIncoming } from "./incoming.ts";
import {
  type IncomingRequest,
  type ListenerInfo,
  peerAddress,
  trackUpload,
} from "./incoming_request.ts";
import { BodyTimeout } from "./body_timeout.ts";
import { withRequestId } from "./request_id.ts";
import type { Instrumentation } from "./instrumentation.ts";
import { errorResponse, methodNotAllowed } from "./local_reply.ts";
import type { RequestRecord } from "./request_record.ts";
import type { TrustedProxies } from "./trusted_proxies.ts";
import type { WebSockets } from "./websockets.ts";

const logger = getLogger(["ballast", "proxy"]);

/** Options of a {@linkcode ProxyHandler}. */
export interface ProxyParts extends DispatcherParts {
  /** Settings. */
  readonly settings: Pick<ProxySettings, "timeouts" | "retries" | "ejection" | "limits">;
  /** Proxies whose forwarding fields are trusted. Default: none. */
  readonly trustedProxies?: TrustedProxies | undefined;
  /** Owner of open WebSockets whose requests came through no listener. */
  readonly webSockets: WebSockets;
  /** Records each request. Default: requests are not recorded. */
  readonly instrumentation?: Instrumentation | undefined;
  /**
   * Starts tracing a recorded request before its first attempt. Returns the request with the fields
   * by which a server continues the trace, and never rejects. Default: requests are not traced.
   */
  readonly trace?:
    | ((outgoing: IncomingRequest, record: RequestRecord) => Promise<IncomingRequest>)
    | undefined;
}

/** Context of a request on its way through the handler. */
interface RequestContext {
  readonly info: ListenerInfo | undefined;
  readonly record: RequestRecord | undefined;
  readonly clientAddress: string | undefined;
}

/** Forwards each request to a server, and the response to the client. */
export class ProxyHandler {
  readonly #parts: ProxyParts;
  readonly #rules: IncomingRules;
  readonly #dispatcher: Dispatcher;
  readonly #disconnectQueue: DeadlineQueue;
  /** Deadlines for clients to take the next piece of their response. */
  readonly #contentQueue: DeadlineQueue;
  readonly #readAhead = new ReadAhead(READ_AHEAD_BYTES);
  /** Requests in flight, including queued ones. */
  #inFlight = 0;
  #closed = false;
  readonly #onIdle: (() => void)[] = [];

  /** @param parts The options. */
  constructor(parts: ProxyParts) {
    const { deadlines, settings: { limits, timeouts } } = parts;
    this.#parts = parts;
    this.#rules = {
      limits,
      trustedProxies: parts.trustedProxies,
      bodyTimeout: new BodyTimeout(deadlines, timeouts.content),
    };
    this.#dispatcher = new Dispatcher(parts);
    this.#disconnectQueue = deadlines.queue(DISCONNECT_WATCH_MS);
    this.#contentQueue = deadlines.queue(timeouts.content * 1000);
  }

  /** How many requests are queued on this thread. */
  get waiting(): number {
    return this.#dispatcher.waiting;
  }

  /**
   * Answers a request with a server's response, or with a local reply: 400, 405, 408, 413, 431,
   * 500, 501, 502, 503 or 504. Never rejects.
   *
   * @param request The client's request.
   * @param info The client, and the delivery of the response, as far as the runtime knows them.
   */
  fetch(request: Request, info?: ListenerInfo): Promise<Response> {
    const peer = peerAddress(info);
    const clientAddress = trustedClientAddress(this.#parts.trustedProxies, peer, request.headers);
    const record = this.#parts.instrumentation?.begin(request, clientAddress);
    const context = { info, record, clientAddress };
    try {
      if (this.#closed) throw new BalancerError("closed", "The balancer is closed");
      // RFC 9110 §9.3.6, §9.3.8: neither opens tunnels nor echoes requests.
      if (request.method === "CONNECT" || request.method === "TRACE") {
        return Promise.resolve(this.#reply(context, methodNotAllowed()));
      }
      const incoming = readIncoming(request, info, this.#rules);
      if (incoming instanceof Promise) return this.#receive(request, incoming, context);
      return this.#forward(request, incoming, context);
    } catch (thrown) {
      return Promise.resolve(this.#fail(context, thrown));
    }
  }

  /** Refuses new requests from now on, and waits until none is in flight. */
  async drain(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }

  /** Waits until no request is in flight. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** Forwards a request once its content has been received; it is in flight meanwhile. */
  #receive(
    request: Request,
    incoming: Promise<IncomingRequest>,
    context: RequestContext,
  ): Promise<Response> {
    this.#inFlight++;
    context.info?.listener?.trackUpload(incoming);
    return incoming.then(
      (outgoing) => {
        // #forward() counts it as in flight as well.
        const answer = this.#forward(request, outgoing, context);
        this.#countEnd();
        return answer;
      },
      (thrown) => {
        this.#countEnd();
        return this.#fail(context, thrown);
      },
    );
  }

  async #forward(
    request: Request,
    outgoing: IncomingRequest,
    context: RequestContext,
  ): Promise<Response> {
    const { info, record, clientAddress } = context;
    if (outgoing.webSocket) {
      const refusal = refuseUpgrade(request);
      if (refusal !== undefined) return this.#reply(context, refusal);
    }
    if (outgoing.body instanceof ReadableStream) trackUpload(info);
    const disconnectWatch = new DisconnectWatch(request);
    this.#inFlight++;
    this.#disconnectQueue.add(disconnectWatch);
    try {
      const { trace } = this.#parts;
      const sent = record?.id === undefined ? outgoing : withRequestId(outgoing, record.id);
      const traced = trace !== undefined && record !== undefined ? await trace(sent, record) : sent;
      const answer = await this.#dispatcher.send(traced, {
        disconnectWatch,
        releaseContent: info?.direct ?? false,
        clientAddress,
        record,
      });
      const { entry, response } = answer;
      if ("receive" in response) {
        return await this.#openSocket(request, { entry, socket: response }, context);
      }
      return closeIfDraining(this.#deliver(answer, response, context), info);
    } catch (thrown) {
      this.#countEnd();
      return this.#fail(context, thrown);
    } finally {
      disconnectWatch.end();
    }
  }

  /** Opens a WebSocket to the client; the request is active until both sides are closed. */
  async #openSocket(
    request: Request,
    { entry: { slot }, socket }: { readonly entry: Entry; readonly socket: UpstreamSocket },
    { info, record }: RequestContext,
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
   * Passes a response on; the request is active until the client has it or disconnects. Content in
   * one piece is handed to the platform, which does not report when the client has it.
   */
  #deliver(answer: Answer, upstream: UpstreamResponse, context: RequestContext): Response {
    const { record } = context;
    if (record !== undefined) record.status = upstream.status;
    if (forwardedContent(upstream) instanceof ReadableStream) {
      return this.#deliverStream(answer, upstream, context);
    }
    const response = this.#makeResponse(answer, upstream);
    record?.endAtAnswer();
    upstream.discard();
    this.#end(answer.entry.slot, record);
    return response;
  }

  /** A separate method, as its closures would slow down responses in one piece as well. */
  #deliverStream(
    answer: Answer,
    upstream: UpstreamResponse,
    { info, record }: RequestContext,
  ): Response {
    const completed = info?.completed;
    let delivery: Delivery | undefined = undefined;
    const onRead = completed === undefined ? () => delivery?.end() : undefined;
    const response = this.#makeResponse(answer, upstream, onRead);
    // Nothing may throw from here on: onEnd() does the counting.
    const onEnd = (stall?: BalancerError) => {
      if (record !== undefined && stall !== undefined) record.failure ??= stall.code;
      upstream.discard(stall);
      // Without the platform's report, nothing is known to hold a piece any longer.
      if (completed === undefined) delivery?.end();
      this.#end(answer.entry.slot, record);
    };
    delivery = new Delivery({ queue: this.#contentQueue, readAhead: this.#readAhead, onEnd });
    upstream.receiver = delivery;
    completed?.then(() => delivery!.end(), () => {
      // A failure on the server's side has been recorded already.
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
      session?.setCookie(response, entry.server.url);
      return response;
    } catch (error) {
      upstream.discard();
      this.#dispatcher.release(entry.slot);
      throw error;
    }
  }

  /** Ends a request that was active at a server. */
  #end(slot: number, record: RequestRecord | undefined): void {
    // Recorded before the slot is released, as the server may be removed then.
    this.#endRecord(record);
    this.#dispatcher.release(slot);
    this.#countEnd();
  }

  /** The local reply to a request that failed, for expected and unexpected errors. */
  #fail(context: RequestContext, thrown: unknown): Response {
    const { record } = context;
    if (thrown instanceof BalancerError) {
      if (record !== undefined) record.failure = thrown.code;
      return this.#reply(context, errorResponse(thrown));
    }
    logger.error("Unexpected error while handling a request: {thrown}", { thrown });
    return this.#fail(context, new BalancerError("internal", String(thrown), { cause: thrown }));
  }

  /** Ends a request with a local reply. */
  #reply({ info, record }: RequestContext, response: Response): Response {
    closeIfDraining(response, info);
    if (record === undefined) return response;
    record.noteLocalReply(response);
    this.#endRecord(record);
    return response;
  }

  #endRecord(record: RequestRecord | undefined): void {
    if (record !== undefined) this.#parts.instrumentation!.end(record);
  }

  #countEnd(): void {
    if (--this.#inFlight > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}
