import { Deadline, type DeadlineQueue, type Deadlines } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";

/** How much content is read in one go, in bytes: that costs a fraction of reading it by pieces. */
const ONE_GO = 16_384;
/** How much a client has to send in a second on average, in bytes, beside the time for silences. */
const BYTES_PER_SECOND = 1024;

/**
 * Takes the content that a request has to bring before it can go anywhere, for no longer than that
 * may take: a client that stands still, or lets its content drip, would be waited for forever.
 */
export class Reception {
  /** By how many seconds each of them is longer than a silence may be. */
  readonly #queues: readonly DeadlineQueue[];

  /**
   * @param deadlines The timer.
   * @param silence How long content may stand still, in seconds.
   */
  constructor(deadlines: Deadlines, silence: number) {
    this.#queues = Array.from(
      { length: ONE_GO / BYTES_PER_SECOND + 1 },
      (_, more) => deadlines.queue((silence + more) * 1000),
    );
  }

  /**
   * Waits for the beginning of content, for as long as a silence may be.
   *
   * @param content What is on the way.
   * @throws {BalancerError} `request_timeout` if it takes too long; what the content fails with.
   */
  begin<T>(content: Promise<T>): Promise<T> {
    return receive(content, this.#queues[0]!);
  }

  /**
   * Takes all of a request's content.
   *
   * @param request The request.
   * @param length How much it announces, in bytes.
   * @returns The content, whose length may be another one.
   * @throws {BalancerError} `request_timeout` if it takes too long; what the content fails with.
   */
  async take(request: Request, length: number): Promise<Uint8Array> {
    if (length > ONE_GO) return await new Pieces(request, length, this.#queues[0]!).take();
    // Silences in there cannot be seen, so it has as long as a client that is slow may take.
    const queue = this.#queues[Math.floor(length / BYTES_PER_SECOND)]!;
    return new Uint8Array(await receive(request.arrayBuffer(), queue));
  }
}

async function receive<T>(content: Promise<T>, queue: DeadlineQueue): Promise<T> {
  const wait = new Wait(content);
  queue.add(wait);
  try {
    return await wait.result;
  } finally {
    wait.disarm();
  }
}

/** A wait for something that cannot be called off. */
class Wait<T> extends Deadline {
  readonly result: Promise<T>;
  #reject: (error: BalancerError) => void = () => {};

  constructor(content: Promise<T>) {
    super();
    this.result = new Promise((resolve, reject) => {
      this.#reject = reject;
      content.then(resolve, reject);
    });
  }

  override onDue(): void {
    this.#reject(tooSlow());
  }
}

/** Content that is read piece by piece: each one shows that the client is not silent. */
class Pieces extends Deadline {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #length: number;
  readonly #queue: DeadlineQueue;
  #late = false;

  constructor(request: Request, length: number, queue: DeadlineQueue) {
    super();
    this.#reader = request.body?.getReader();
    this.#length = length;
    this.#queue = queue;
  }

  async take(): Promise<Uint8Array> {
    const content = new Uint8Array(this.#length);
    let received = 0;
    this.#queue.add(this);
    const most = this.#queue.milliseconds + this.#length / BYTES_PER_SECOND * 1000;
    const end = this.#queue.now + most;
    try {
      for (;;) {
        const piece = (await this.#reader?.read())?.value;
        if (this.#late) throw tooSlow();
        if (piece === undefined) return content.subarray(0, received);
        if (this.#queue.now > end) throw tooSlow();
        received += piece.length;
        if (received > this.#length) throw new TypeError("There is more content than announced");
        content.set(piece, received - piece.length);
        if (piece.length > 0) this.#queue.add(this);
      }
    } finally {
      this.disarm();
    }
  }

  /** The client was silent for too long: ends the read that waits for it. */
  override onDue(): void {
    this.#late = true;
    this.#reader?.cancel().catch(() => {});
  }
}

function tooSlow(): BalancerError {
  const message = "The client took too long to send its content";
  return new BalancerError("request_timeout", message, { source: "downstream" });
}
