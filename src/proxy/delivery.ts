import { Deadline, type DeadlineQueue } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { ContentReceiver } from "../upstream/transport.ts";
import type { ReadAhead } from "./read_ahead.ts";

/** How much is read from a server at a time for a client that keeps up, in bytes. */
const LARGE_PIECE = 32_768;
/**
 * How much for one that does not. `Deno.serve` (2.9) takes 64 KiB and two pieces more ahead of its
 * client, whatever that does.
 */
const SMALL_PIECE = 4096;
/** So much content that is left, in bytes, or less, comes in one piece: there is no more to hold. */
const LAST_PIECE = 131_072;

/** What a {@linkcode Delivery} works with. */
export interface DeliveryOptions {
  /** How long the client may take for what it is given. */
  readonly queue: DeadlineQueue;
  /** How much may be read ahead for all clients that keep up. */
  readonly readAhead: ReadAhead;
  /** Called once when it is over: with an error where the client took nothing for too long. */
  readonly onEnd: (stall?: BalancerError) => void;
}

/**
 * A response's content that streams, on its way from the transport to the client. It says how much
 * to read, and gives up a client that stands still. The server's time is the transport's to keep.
 */
export class Delivery extends Deadline implements ContentReceiver {
  readonly #options: DeliveryOptions;
  /** When the client was last given something, by the last tick. */
  #gaveAt = 0;
  /** Its part of what may be read ahead, in bytes. */
  #share = 0;
  #over = false;

  /**
   * Begins: the head is there for the client to take.
   *
   * @param options What to work with.
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
    // A client that keeps up is back within a tick, but for the few pieces that a tick parts.
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

  /** The client has everything, or has left: nothing is held for it any more. */
  end(): void {
    this.disarm();
    this.#releaseReadAhead();
    this.#finish();
  }

  /**
   * The client took nothing for too long. What the platform holds for it, it may hold for longer,
   * so that stays its share.
   */
  override onDue(): void {
    const message = "The client did not take the next piece of its response for too long";
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
