import type { Clock } from "../runtime/clock.ts";
import type { DeadlineQueue, Deadlines } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { UpstreamSocket } from "../upstream/transport.ts";
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

/** The open WebSockets of one listener, or of all requests that came through none. */
export class WebSockets {
  readonly #clock: Clock;
  readonly #closeQueue: DeadlineQueue;
  readonly #open = new Set<WebSocketRelay>();
  /** How many calls of {@linkcode WebSockets.closing} last. */
  #closing = 0;
  #onEmpty: (() => void)[] = [];
  /**
   * How many the platform took over from a client that had just left: it reports nothing of them,
   * not even their end, and its listener cannot be shut down any more but by an abort.
   */
  stuck = 0;

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
   * @param onEnd Called once at the end, unless this throws.
   * @returns The response that opens the client's side.
   * @throws {BalancerError} `closed` where WebSockets are being closed, `client_gone`, or `internal`.
   */
  async open(request: Request, server: UpstreamSocket, onEnd: () => void): Promise<Response> {
    let client: ClientUpgrade;
    try {
      // The platform needs a turn to notice that a client has left a moment ago. Given such a
      // request to upgrade, it never reports anything, and its listener cannot be shut down any more.
      await new Promise<void>((resolve) => this.#clock.after(1, resolve));
      if (this.#closing > 0) throw new BalancerError("closed", "WebSockets are being closed");
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
        if (client.socket.readyState === CONNECTING) this.stuck++;
        if (this.#open.size === 0) { for (const resolve of this.#onEmpty.splice(0)) resolve(); }
        onEnd();
      },
    });
    this.#open.add(relay);
    return client.response;
  }

  /**
   * Tells both sides of each of them that this side is going away (status code 1001), and lets
   * none be opened meanwhile.
   *
   * @param during What to do when all are closed, or had their time; none is opened until it is over.
   */
  async closing(during: () => Promise<void>): Promise<void> {
    this.#closing++;
    try {
      for (const relay of this.#open) relay.goAway();
      if (this.#open.size > 0) {
        await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
      }
      await during();
    } finally {
      this.#closing--;
    }
  }

  /** Ends all that are left at once: nothing more is passed on, and they count no longer. */
  destroy(): void {
    for (const relay of this.#open) relay.onDue();
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
