import { BalancerError } from "../../model/errors.ts";

/** Callbacks of an upload. */
export interface UploadWatch {
  /** Called when the next piece is awaited. */
  awaiting(): void;
  /** Called when a piece of this many bytes is passed on. */
  passed(bytes: number): void;
  /** Called at the end of the content. */
  complete(): void;
  /** Called when the content broke off. */
  failed(error: BalancerError): void;
}

/**
 * Passes a client's content to `fetch`, on demand, and fails if its length is not the announced one.
 */
export class RequestStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watch: UploadWatch;
  /** The remaining length in bytes, if known. */
  #left: number | undefined;
  /** The stream for `fetch`. */
  readonly stream: ReadableStream<Uint8Array>;

  /**
   * Locks the content.
   *
   * @param content The content.
   * @param length Its length in bytes, if it is known.
   * @param watch The callbacks.
   */
  constructor(
    content: ReadableStream<Uint8Array>,
    length: number | undefined,
    watch: UploadWatch,
  ) {
    this.#reader = content.getReader();
    this.#left = length;
    this.#watch = watch;
    this.stream = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.cancel(),
    }, { highWaterMark: 0 });
  }

  /** Cancels the client's content. Does nothing a second time. */
  async cancel(): Promise<void> {
    try {
      await this.#reader.cancel();
    } catch {
      // It has broken off already.
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const piece = await this.#next();
      if (piece === undefined) {
        this.#watch.complete();
        controller.close();
      } else {
        this.#watch.passed(piece.length);
        controller.enqueue(piece);
      }
    } catch (thrown) {
      const error = thrown instanceof BalancerError
        ? thrown
        : clientGone("broke off its request", thrown);
      this.#watch.failed(error);
      controller.error(error);
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#watch.awaiting();
      const { value } = await this.#reader.read();
      // An empty piece would make fetch wait for another one.
      if (value?.length === 0) continue;
      if (this.#left === undefined) return value;
      this.#left -= value?.length ?? 0;
      if (this.#left < 0) throw clientGone("sent more content than it announced");
      if (value === undefined && this.#left > 0) {
        throw clientGone("sent less content than it announced");
      }
      return value;
    }
  }
}

function clientGone(what: string, cause?: unknown): BalancerError {
  return new BalancerError("client_gone", `The client ${what}`, { source: "downstream", cause });
}
