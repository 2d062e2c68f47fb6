import { BalancerError } from "../../model/errors.ts";

/** Takes note of how it goes with the client's content. */
export interface UploadWatch {
  /** A piece is waited for. */
  awaiting(): void;
  /** A piece of so many bytes is there, and handed on. */
  passed(bytes: number): void;
  /** All of it is there. */
  complete(): void;
  /** It broke off. */
  failed(error: BalancerError): void;
}

/**
 * A client's content on its way to `fetch`: no more of it, and no less, than was announced, and no
 * piece before `fetch` asks for it.
 */
export class RequestStream {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #watch: UploadWatch;
  /** How much is still to come, in bytes, if that is known. */
  #left: number | undefined;
  /** What to give to `fetch`. */
  readonly stream: ReadableStream<Uint8Array>;

  /**
   * Locks the content.
   *
   * @param content The content.
   * @param length Its length in bytes, if it is known.
   * @param watch What takes note.
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

  /** Tells the client's side that nobody will read the rest. Harmless a second time. */
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
      // An empty piece is none, and would let fetch wait for another one.
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
