import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import { Deadline, type DeadlineQueue } from "../runtime/deadlines.ts";
import { MESSAGE_MAX_BYTES, type SocketEnd, type UpstreamSocket } from "../upstream/transport.ts";

const logger = getLogger(["ballast", "proxy"]);

/**
 * The largest backlog for a server that reads too slowly, in bytes: 64 MiB, four of the largest
 * messages. It is limited, as the platform has no back-pressure towards the client.
 */
const SERVER_BACKLOG_MAX_BYTES = 67_108_864;
/** Backlog for a client above which nothing more is read from the server, in bytes. */
const CLIENT_BACKLOG_BYTES = 1_048_576;
/** The longest reason that fits into a Close frame (RFC 6455 §5.5), in bytes. */
const REASON_MAX_BYTES = 123;
/** First and longest interval at which the backlog for a client is polled, in milliseconds. */
const POLL_MS = { first: 1, longest: 64 };

/** Options of a {@linkcode WebSocketRelay}. */
export interface RelayParts {
  /** Clock and timers. */
  readonly clock: Clock;
  /** Deadlines for the opening, and for the answer to a Close frame. */
  readonly closeQueue: DeadlineQueue;
  /** Called once when both sides are closed. */
  readonly onEnd: () => void;
}

/**
 * Relays the messages of a WebSocket between the client and the server, and closes each side when
 * the other one is closed. It is also the deadline of its opening and closing.
 *
 * The platform implements the client's side: it answers pings, checks frames and assembles
 * messages.
 */
export class WebSocketRelay extends Deadline {
  readonly #client: WebSocket;
  readonly #server: UpstreamSocket;
  readonly #parts: RelayParts;
  readonly #encoder = new TextEncoder();
  readonly #listening = new AbortController();
  /** The Close frame for the client, once it is determined. */
  #closeFrame: { readonly code: number | undefined; readonly reason: string } | undefined;
  #clientDone = false;
  #serverDone = false;
  #ended = false;
  #onClientChange: () => void = () => {};

  /**
   * @param client The client's side, which is about to open.
   * @param server The server's side.
   * @param parts The options.
   */
  constructor(client: WebSocket, server: UpstreamSocket, parts: RelayParts) {
    super();
    this.#client = client;
    this.#server = server;
    this.#parts = parts;
    const { signal } = this.#listening;
    client.addEventListener("open", () => this.#opened(), { signal });
    client.addEventListener("message", ({ data }) => this.#fromClient(data), { signal });
    client.addEventListener("close", (event) => this.#clientClosed(event), { signal });
    client.addEventListener("error", () => {
      // Later errors are followed by a close event.
      if (client.readyState === WebSocket.CONNECTING) this.#clientVanished();
    }, { signal });
    parts.closeQueue.add(this);
  }

  /** Closes both sides with status code 1001, going away (RFC 6455 §7.4.1). */
  goAway(): void {
    this.#closeClient(1001, "the load balancer is going away");
    this.#closeServer(1001, "the load balancer is going away");
  }

  /** The opening or the closing took too long. */
  override onDue(): void {
    this.#end();
  }

  #opened(): void {
    // The platform ignores a close before the WebSocket is open, so repeat it.
    if (this.#closeFrame === undefined) this.disarm();
    else this.#sendCloseFrame();
    this.#readServer().catch((error) => {
      logger.error("Unexpected error in a WebSocket: {error}", { error });
      this.#closeClient(1011, "the load balancer failed");
      this.#end();
    });
  }

  #fromClient(data: string | ArrayBuffer): void {
    if (this.#closeFrame !== undefined || this.#ended) return;
    const text = typeof data === "string";
    const bytes = text ? this.#encoder.encode(data) : new Uint8Array(data);
    if (bytes.length > MESSAGE_MAX_BYTES) {
      const reason = `a message is larger than ${MESSAGE_MAX_BYTES} bytes`;
      this.#closeClient(1009, reason);
      return this.#closeServer(1009, reason);
    }
    this.#server.send(bytes, text);
    if (this.#server.unsent <= SERVER_BACKLOG_MAX_BYTES) return;
    this.#closeClient(1013, "the server reads too slowly");
    // A Close frame would be queued behind the backlog that the server does not read.
    this.#server.destroy();
  }

  async #readServer(): Promise<void> {
    for (;;) {
      const received = await this.#server.receive();
      if (this.#ended) return;
      if (typeof received === "string" || received instanceof Uint8Array) {
        this.#client.send(received);
        if (this.#client.bufferedAmount > CLIENT_BACKLOG_BYTES) await this.#clientCatchesUp();
      } else if (received.cause === "violation") this.#serverFailed(received);
      else return await this.#serverClosed(received);
    }
  }

  /** Waits until the backlog for the client is small. The platform has no event for it: poll. */
  async #clientCatchesUp(): Promise<void> {
    let wait = POLL_MS.first;
    do {
      await new Promise<void>((resolve) => {
        const cancel = this.#parts.clock.after(wait, resolve);
        this.#onClientChange = () => {
          cancel();
          resolve();
        };
      });
      wait = Math.min(wait * 2, POLL_MS.longest);
    } while (!this.#clientDone && this.#client.bufferedAmount > CLIENT_BACKLOG_BYTES);
    this.#onClientChange = () => {};
  }

  /** Closes both sides after a protocol violation; the server gets time to read the reason. */
  #serverFailed({ code, reason }: SocketEnd): void {
    this.#closeServer(code, reason);
    if (code === 1009) this.#closeClient(1009, reason);
    else this.#closeClient(1011, "the server broke the WebSocket protocol");
  }

  async #serverClosed({ cause, code, reason }: SocketEnd): Promise<void> {
    if (cause === "ended_here") this.#closeClient(1001, "the server is no longer used");
    else if (cause === "broken_off") this.#closeClient(1011, "the server broke the connection off");
    else {
      this.#closeClient(code, reason);
      // RFC 6455 §5.5.1: the answer has the same code.
      this.#closeServer(code, "");
      await this.#server.flushed();
    }
    this.#server.destroy();
    this.#serverDone = true;
    this.#endIfDone();
  }

  #clientClosed({ code, reason, wasClean }: CloseEvent): void {
    // If this side closed first, that was the answer.
    if (!wasClean && this.#closeFrame === undefined) return this.#clientVanished();
    // The platform checks everything about a Close frame but its length (RFC 6455 §5.5). One that
    // is too long violates the protocol, and must not be relayed to the server.
    if (this.#encoder.encode(reason).length > REASON_MAX_BYTES) return this.#clientVanished();
    // 1005 means a Close frame without a code (RFC 6455 §7.1.5).
    this.#closeServer(code === 1005 ? undefined : code, reason);
    this.#clientGone();
  }

  /** The client broke off the connection: so does this side with the server's. */
  #clientVanished(): void {
    this.#server.destroy();
    this.#serverDone = true;
    this.#clientGone();
  }

  #clientGone(): void {
    this.#clientDone = true;
    this.#onClientChange();
    this.#endIfDone();
  }

  #closeClient(code: number | undefined, reason: string): void {
    if (this.#closeFrame !== undefined || this.#clientDone) return;
    this.#closeFrame = { code, reason };
    this.#parts.closeQueue.add(this);
    if (this.#client.readyState !== WebSocket.CONNECTING) this.#sendCloseFrame();
  }

  #sendCloseFrame(): void {
    const { code, reason } = this.#closeFrame!;
    if (code === undefined) this.#client.close();
    else this.#client.close(code, reason);
    this.#onClientChange();
  }

  #closeServer(code: number | undefined, reason: string): void {
    if (!this.#serverDone) this.#parts.closeQueue.add(this);
    this.#server.close(code, reason);
  }

  #endIfDone(): void {
    if (this.#clientDone && this.#serverDone) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.disarm();
    this.#listening.abort();
    this.#server.destroy();
    this.#onClientChange();
    this.#parts.onEnd();
  }
}
