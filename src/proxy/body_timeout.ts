import { Deadline, type DeadlineQueue, type Deadlines } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";

/** Content up to this many bytes is read in one go, which is much cheaper than piece by piece. */
const ONE_GO = 16_384;
/** The average rate that a client has to reach, in bytes a second, beside the time for silences. */
const BYTES_PER_SECOND = 1024;

/**
 * Limits how long the content takes that has to arrive before a request is forwarded: a client that
 * stalls, or sends its content drop by drop, would otherwise be waited for forever.
 */
export class BodyTimeout {
  /** Deadlines by the number of seconds that each is longer than a silence may be. */
  readonly #queues: readonly DeadlineQueue[];

  /**
   * @param deadlines The timers.
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
   * @param content The first piece of content.
   * @throws {BalancerError} `request_timeout` if it takes too long; and the content's own error.
   */
  begin<T>(content: Promise<T>): Promise<T> {
    return receive(content, this.#queues[0]!);
  }

  /**
   * Reads all of a request's content.
   *
   * @param request The request.
   * @param length The announced length, in bytes.
   * @returns The content, whose length may differ.
   * @throws {BalancerError} `request_timeout` if it takes too long; and the content's own error.
   */
  async take(request: Request, length: number): Promise<Uint8Array> {
    if (length > ONE_GO) return await new PieceReader(request, length, this.#queues[0]!).read();
    // Silences cannot be observed here, so the timeout allows for the slowest acceptable client.
    const queue = this.#queues[Math.floor(length / BYTES_PER_SECOND)]!;
    return new Uint8Array(await receive(request.arrayBuffer(), queue));
  }
}

async function receive<T>(content: Promise<T>, queue: DeadlineQueue): Promise<T> {
  const wait = new TimedWait(content);
  queue.add(wait);
  try {
    return await wait.result;
  } finally {
    wait.disarm();
  }
}

/** Wait for a promise that cannot be canceled. */
class TimedWait<T> extends Deadline {
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

/** Reads content piece by piece; each piece shows that the client is not silent. */
class PieceReader extends Deadline {
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

  async read(): Promise<Uint8Array> {
    const content = new Uint8Array(this.#length);
    let received = 0;
    this.#queue.add(this);
    const longest = this.#queue.milliseconds + this.#length / BYTES_PER_SECOND * 1000;
    const end = this.#queue.now + longest;
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

  /** The client was silent for too long: ends the pending read. */
  override onDue(): void {
    this.#late = true;
    this.#reader?.cancel().catch(() => {});
  }
}

function tooSlow(): BalancerError {
  const message = "The client took too long to send its content";
  return new BalancerError("request_timeout", message, { source: "downstream" });
}
