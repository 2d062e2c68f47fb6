import type { Clock } from "../runtime/clock.ts";
import type { DeadlineQueue, Deadlines } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { UpstreamSocket } from "../upstream/transport.ts";
import { type ClientUpgrade, upgradeClient } from "./client_upgrade.ts";
import { WebSocketRelay } from "./websocket_relay.ts";

/** How long either side may take to answer a Close frame, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5_000;

/** State of a client's side that was never opened (`WebSocket.CONNECTING`). */
const CONNECTING = 0;

/** Options of {@linkcode WebSockets}. */
export interface WebSocketParts {
  /** Timers of closing handshakes. */
  readonly deadlines: Deadlines;
  /** Clock and timers for everything else. */
  readonly clock: Clock;
}

/** Open WebSockets of one listener, or of all requests that came through none. */
export class WebSockets {
  readonly #clock: Clock;
  readonly #closeQueue: DeadlineQueue;
  readonly #open = new Set<WebSocketRelay>();
  /** Number of pending calls of {@linkcode WebSockets.closing}. */
  #closing = 0;
  #onEmpty: (() => void)[] = [];
  /**
   * Number of WebSockets that the platform accepted from clients that had just disconnected. It
   * never reports their end, and only an abort can shut its listener down.
   */
  stuck = 0;

  /** @param parts The options. */
  constructor({ deadlines, clock }: WebSocketParts) {
    this.#clock = clock;
    this.#closeQueue = deadlines.queue(CLOSE_TIMEOUT_MS);
  }

  /**
   * Opens the client's side of a WebSocket, and relays messages until both sides are closed.
   *
   * @param request The client's request.
   * @param server The server's side, which is owned by this object from now on, even after an
   * error.
   * @param onEnd Called once at the end, unless this throws.
   * @returns The response that opens the client's side.
   * @throws {BalancerError} `closed` while WebSockets are being closed, `client_gone`, or
   * `internal`.
   */
  async open(request: Request, server: UpstreamSocket, onEnd: () => void): Promise<Response> {
    let client: ClientUpgrade;
    try {
      // The platform needs a turn to notice that a client has just disconnected. If such a request
      // is upgraded, it never reports anything, and its listener can no longer be shut down.
      await new Promise<void>((resolve) => this.#clock.after(1, resolve));
      if (this.#closing > 0) throw new BalancerError("closed", "WebSockets are being closed");
      if (request.signal.aborted) {
        throw new BalancerError(
          "client_gone",
          "The client disconnected before its WebSocket was open",
          {
            source: "downstream",
          },
        );
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
   * Closes all WebSockets with status code 1001, going away, and opens none meanwhile.
   *
   * @param during Called when all are closed or timed out; none is opened until it is over.
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

  /** Ends the remaining WebSockets at once. */
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
