import type { Clock } from "../core/clock.ts";
import type { DeadlineQueue, Deadlines } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";
import type { UpstreamSocket } from "../transport/transport.ts";
import { type ClientUpgrade, upgradeClient } from "./client_upgrade.ts";
import { WebSocketRelay } from "./websocket_relay.ts";

/** How long either side may take to answer a Close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** The state of a client's side that was never opened (`WebSocket.CONNECTING`). */
const CONNECTING = 0;

/** What {@linkcode WebSockets} works with. */
export interface WebSocketParts {
  /** The timer for closing handshakes. */
  readonly deadlines: Deadlines;
  /** The time for everything else. */
  readonly clock: Clock;
}

/** The listener that a client came by, whatever it is; undefined where a program has its own. */
type ClientListener = object | undefined;

/** How a WebSocket comes to its client, and ends. */
export interface OpenOptions {
  /** The listener that the client came by. */
  readonly listener: ClientListener;
  /** Called once at the end, unless opening fails. */
  readonly onEnd: () => void;
}

/** A call of {@linkcode WebSockets.closing} that lasts. */
interface Closing {
  /** Which listener's; undefined for all. */
  readonly listener: ClientListener;
  /** Called when none of them is open any more. */
  readonly onEmpty: () => void;
}

/** The open WebSockets of one thread. */
export class WebSockets {
  readonly #clock: Clock;
  readonly #closeQueue: DeadlineQueue;
  readonly #open = new Map<WebSocketRelay, ClientListener>();
  readonly #closing = new Set<Closing>();
  readonly #stuck = new WeakSet<object>();

  /** @param parts What to work with. */
  constructor({ deadlines, clock }: WebSocketParts) {
    this.#clock = clock;
    this.#closeQueue = deadlines.queue(CLOSE_TIMEOUT_MS);
  }

  /**
   * Opens the client's side of a WebSocket whose server's side is open, and passes on what comes on
   * either side until both are closed.
   *
   * @param request The client's request.
   * @param server The server's side, which belongs to this object from now on, also on an error.
   * @param options How it comes to its client, and ends.
   * @returns The response that opens the client's side.
   * @throws {BalancerError} `closed` where WebSockets are being closed, `client_gone`, or `internal`.
   */
  async open(
    request: Request,
    server: UpstreamSocket,
    { listener, onEnd }: OpenOptions,
  ): Promise<Response> {
    let client: ClientUpgrade;
    try {
      // The platform needs a turn to notice that a client has left a moment ago. Given such a
      // request to upgrade, it never reports anything, and its listener cannot be shut down any more.
      await new Promise<void>((resolve) => this.#clock.after(1, resolve));
      if (this.#isClosing(listener)) {
        throw new BalancerError("closed", "WebSockets are being closed");
      }
      if (request.signal.aborted) {
        throw new BalancerError("client_gone", "The client left before its WebSocket was open", {
          source: "downstream",
        });
      }
      client = this.#upgrade(request, server);
    } catch (error) {
      server.close(1001, "");
      server.flushed().then(() => server.destroy());
      throw error;
    }
    const relay = new WebSocketRelay(client.socket, server, {
      clock: this.#clock,
      closeQueue: this.#closeQueue,
      onEnd: () => {
        this.#open.delete(relay);
        if (client.socket.readyState === CONNECTING && listener) this.#stuck.add(listener);
        for (const closing of this.#closing) {
          if (this.#openOf(closing.listener).length === 0) closing.onEmpty();
        }
        onEnd();
      },
    });
    this.#open.set(relay, listener);
    return client.response;
  }

  /**
   * Tells both sides of WebSockets that this side is going away (status code 1001), and lets none be
   * opened meanwhile. Those of other listeners go on.
   *
   * @param listener Which listener's; undefined for all.
   * @param during Called when all are closed, or had their time; none is opened until it is over.
   */
  async closing(listener: ClientListener, during: () => Promise<void>): Promise<void> {
    const { promise: empty, resolve: onEmpty } = Promise.withResolvers<void>();
    const closing = { listener, onEmpty };
    this.#closing.add(closing);
    try {
      const open = this.#openOf(listener);
      for (const relay of open) relay.goAway();
      if (open.length > 0) await empty;
      await during();
    } finally {
      this.#closing.delete(closing);
    }
  }

  /**
   * Whether the platform took over a WebSocket from a client that had just left: it reports nothing
   * of that, not even its end, and the listener cannot be shut down any more but by an abort.
   */
  isStuck(listener: object): boolean {
    return this.#stuck.has(listener);
  }

  /** Ends all that are left at once: nothing more is passed on, and they count no longer. */
  destroy(): void {
    for (const relay of this.#open.keys()) relay.onDue();
  }

  #isClosing(listener: ClientListener): boolean {
    for (const closing of this.#closing) {
      if (closing.listener === undefined || closing.listener === listener) return true;
    }
    return false;
  }

  #openOf(listener: ClientListener): WebSocketRelay[] {
    const open = [...this.#open];
    return open.filter(([, its]) => listener === undefined || its === listener)
      .map(([relay]) => relay);
  }

  #upgrade(request: Request, server: UpstreamSocket): ClientUpgrade {
    try {
      return upgradeClient(request, server.headers);
    } catch (cause) {
      throw new BalancerError("internal", `Cannot open a WebSocket to the client: ${cause}`, {
        cause,
      });
    }
  }
}
