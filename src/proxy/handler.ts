import { getLogger } from "@logtape/logtape";
import { Candidates } from "../core/candidates.ts";
import type { DeadlineQueue, Deadlines } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";
import type { PickContext, Policy } from "../core/policy.ts";
import type { Entry, SlotDirectory } from "../core/registry.ts";
import type { StateTable } from "../core/state_table.ts";
import type { UpstreamResponse, WebSocketTransport } from "../transport/transport.ts";
import { Departure } from "./departure.ts";
import { downstreamResponse, passedContent } from "./downstream_response.ts";
import { errorResponse } from "./error_response.ts";
import {
  ALLOWED_METHODS,
  type IncomingRequest,
  type ListenerInfo,
  readIncoming,
} from "./incoming.ts";
import { mayTryAgain } from "./retry.ts";
import { refuseUpgrade } from "./upgrade_request.ts";
import type { WebSockets } from "./websockets.ts";

const logger = getLogger(["ballast", "proxy"]);

/**
 * How long a request waits for its response before anyone looks whether the client is still there,
 * in milliseconds. Listening from the start would cost every request a quarter of the throughput.
 */
const DEPARTURE_WATCH_MS = 100;

const NOTHING_TRIED: readonly number[] = [];

/** What a {@linkcode ProxyHandler} works with. */
export interface ProxyParts {
  /** The servers. */
  readonly registry: SlotDirectory;
  /** Their state. */
  readonly table: StateTable;
  /** The rule by which one is chosen. */
  readonly policy: Policy;
  /** What moves the requests. */
  readonly transport: WebSocketTransport;
  /** The timer for requests that wait. */
  readonly deadlines: Deadlines;
  /** Where open WebSockets live. */
  readonly webSockets: WebSockets;
}

/** Gives each request to a server and its response to the client. */
export class ProxyHandler {
  readonly #parts: ProxyParts;
  readonly #candidates: Candidates;
  readonly #departures: DeadlineQueue;
  #inFlight = 0;
  #closed = false;
  readonly #drained = Promise.withResolvers<void>();

  /** @param parts What to work with. */
  constructor(parts: ProxyParts) {
    this.#parts = parts;
    this.#candidates = new Candidates(parts.table);
    this.#departures = parts.deadlines.queue(DEPARTURE_WATCH_MS);
  }

  /**
   * Answers a request with a server's response, or with an error of its own: 400, 405, 502, 503 or
   * 504. Never rejects.
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
      const incoming = readIncoming(request, info);
      if (!(incoming instanceof Promise)) return this.#forward(request, incoming, info);
      return incoming.then((outgoing) => this.#forward(request, outgoing, info), failureResponse);
    } catch (thrown) {
      return Promise.resolve(failureResponse(thrown));
    }
  }

  /** Refuses new requests from now on and waits until the last one that is active is over. */
  async drain(): Promise<void> {
    this.#closed = true;
    if (this.#inFlight === 0) this.#drained.resolve();
    await this.#drained.promise;
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
    const options = {
      cancellation: departure.cancellation,
      releaseContent: info?.direct ?? false,
    };
    this.#departures.add(departure);
    const context = { clientAddress: info?.remoteAddr?.hostname };
    let tried = NOTHING_TRIED;
    let failure: BalancerError | undefined;
    try {
      for (;;) {
        const entry = this.#pick(tried, context);
        if (entry === undefined) return errorResponse(failure ?? noServer());
        try {
          const { transport, webSockets } = this.#parts;
          const response = outgoing.webSocket
            ? await transport.upgrade(entry.server.url, outgoing, options)
            : await transport.send(entry.server.url, outgoing, options);
          if ("receive" in response) {
            return await webSockets.open(request, response, () => this.#finish(entry.slot));
          }
          return this.#deliver(entry, response, info);
        } catch (thrown) {
          this.#finish(entry.slot);
          if (!(thrown instanceof BalancerError)) throw thrown;
          failure = thrown;
          tried = [...tried, entry.slot];
          logger.debug("{url} failed: {message}", {
            url: entry.server.url,
            message: failure.message,
          });
          if (!mayTryAgain(failure, tried.length, outgoing)) return errorResponse(failure);
        }
      }
    } catch (thrown) {
      return failureResponse(thrown);
    } finally {
      departure.end();
    }
  }

  /** Picks a server that was not tried and counts the request as active there. */
  #pick(tried: readonly number[], context: PickContext): Entry | undefined {
    const { policy, table, registry } = this.#parts;
    const candidates = this.#candidates.select(tried);
    if (candidates.length === 0) return undefined;
    const slot = policy.pick(candidates, table, context);
    table.begin(slot);
    this.#inFlight++;
    const entry = registry.inSlot(slot)!;
    if (logger.isEnabledFor("debug")) {
      logger.debug("Picked {url} of {count} ({active} active)", {
        url: entry.server.url,
        count: candidates.length,
        active: table.active(slot),
      });
    }
    return entry;
  }

  /** Passes a response on; the request is active until the client has it or gives up. */
  #deliver(entry: Entry, upstream: UpstreamResponse, info: ListenerInfo | undefined): Response {
    const finish = () => {
      upstream.discard();
      this.#finish(entry.slot);
    };
    const completed = info?.completed;
    let response: Response;
    try {
      response = downstreamResponse(upstream, completed === undefined ? finish : undefined);
    } catch (error) {
      upstream.discard();
      throw error;
    }
    // Nothing may fail from here on: the end of the request is counted now. A response in one piece
    // is over for the platform as well as soon as it has it.
    if (passedContent(upstream) instanceof ReadableStream) completed?.then(finish, finish);
    else finish();
    return response;
  }

  #finish(slot: number): void {
    this.#parts.table.finish(slot);
    if (--this.#inFlight === 0 && this.#closed) this.#drained.resolve();
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
