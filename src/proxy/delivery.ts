import { Deadline, type DeadlineQueue } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { ContentReceiver } from "../upstream/transport.ts";

/** Bytes read from a server at a time for a client that keeps up. */
const LARGE_PIECE = 32_768;
/**
 * Bytes read at a time for a client that does not. `Deno.serve` (2.9) buffers 64 KiB and two pieces
 * for each client, however slow.
 */
const SMALL_PIECE = 4096;
/** Content of which no more than this many bytes are left is read in one piece. */
const LAST_PIECE = 131_072;
/** Bytes that a thread reads ahead in large pieces: enough for 96 clients that keep up. */
export const READ_AHEAD_BYTES = 3_145_728;

/**
 * Budget of one thread for reading responses in large pieces ahead of their clients. It bounds the
 * memory that stalled clients can hold, while clients that keep up, which hold their share only for
 * a moment, need the fewest reads.
 */
export class ReadAhead {
  #left: number;

  /** @param bytes The budget, in bytes. */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Takes a share, in bytes; false if that much is not left. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Returns a share, in bytes. */
  release(bytes: number): void {
    this.#left += bytes;
  }
}

/** Options of a {@linkcode Delivery}. */
export interface DeliveryOptions {
  /** Deadlines for the client to take what it is given. */
  readonly queue: DeadlineQueue;
  /** Read-ahead budget of the thread. */
  readonly readAhead: ReadAhead;
  /** Called once at the end, with an error if the client stalled for too long. */
  readonly onEnd: (stall?: BalancerError) => void;
}

/**
 * Delivery of streamed content from the transport to the client. It decides how much to read, and
 * gives up on a client that stalls. The transport itself times the server.
 */
export class Delivery extends Deadline implements ContentReceiver {
  readonly #options: DeliveryOptions;
  /** Tick at which the client was last given something. */
  #gaveAt = 0;
  /** Its share of the read-ahead budget, in bytes. */
  #share = 0;
  #over = false;

  /**
   * Begins the delivery, with the head for the client to take.
   *
   * @param options The options.
   */
  constructor(options: DeliveryOptions) {
    super();
    this.#options = options;
    this.give();
  }

  /** See {@linkcode ContentReceiver}. */
  ask(left: number): number {
    const { queue, readAhead } = this.#options;
    this.disarm();
    this.#releaseReadAhead();
    if (left <= LAST_PIECE) return LAST_PIECE;
    // A client that keeps up asks again within a tick, except for the few pieces that span two.
    if (queue.now !== this.#gaveAt || !readAhead.take(LARGE_PIECE)) return SMALL_PIECE;
    this.#share = LARGE_PIECE;
    return LARGE_PIECE;
  }

  /** See {@linkcode ContentReceiver}. */
  give(): void {
    if (this.#over) return;
    const { queue } = this.#options;
    queue.add(this);
    this.#gaveAt = queue.now;
  }

  /** Ends the delivery when the client has everything, or has disconnected. */
  end(): void {
    this.disarm();
    this.#releaseReadAhead();
    this.#finish();
  }

  /**
   * The client stalled for too long. Its share of the budget is not returned yet: the platform may
   * hold the content for longer.
   */
  override onDue(): void {
    const message = "The client did not read the next piece of its response in time";
    this.#finish(new BalancerError("client_gone", message, { source: "downstream" }));
  }

  #finish(stall?: BalancerError): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd(stall);
  }

  #releaseReadAhead(): void {
    this.#options.readAhead.release(this.#share);
    this.#share = 0;
  }
}
