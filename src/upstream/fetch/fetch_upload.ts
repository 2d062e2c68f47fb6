import type { Cancellable } from "../../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../../runtime/deadlines.ts";
import { BalancerError } from "../../model/errors.ts";
import { stalled } from "../../http1/response_errors.ts";
import type { UpstreamRequest } from "../../http1/message.ts";
import type { TransferRecord } from "../transport.ts";

/** Options of a {@linkcode FetchUpload}. */
export interface FetchUploadOptions {
  /** How long the head of the response may take once the content is complete. */
  readonly responseQueue: DeadlineQueue;
  /** How long the content may stand still. */
  readonly contentQueue: DeadlineQueue;
  /** Record that counts the bytes sent. Default: none. */
  readonly record: TransferRecord | undefined;
  /** The exchange that is canceled when the content stands still, and waits for the response. */
  readonly exchange: Deadline & Cancellable;
}

/**
 * A client's content on its way to `fetch`: neither more nor less than announced, and no piece
 * before `fetch` asks for it. Its deadline is separate from the response's: neither direction may
 * be blamed, or given more time, for the other.
 */
export class FetchUpload extends Deadline {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #options: FetchUploadOptions;
  /** How many bytes are still missing, if the length is known. */
  #left: number | undefined;
  /** Whether the client's next piece is awaited, rather than the server taking one. */
  #awaitsClient = false;
  #answered = false;
  #ended = false;
  #complete = false;
  /** The content to be passed to `fetch`. */
  readonly stream: ReadableStream<Uint8Array>;

  /**
   * Locks the content.
   *
   * @param content The content.
   * @param request The request, which announces the length of the content, if it is known.
   * @param options The options.
   */
  constructor(
    content: ReadableStream<Uint8Array>,
    { contentLength }: UpstreamRequest,
    options: FetchUploadOptions,
  ) {
    super();
    this.#reader = content.getReader();
    this.#left = contentLength;
    this.#options = options;
    this.stream = new ReadableStream<Uint8Array>({
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#cancelReader(),
    }, { highWaterMark: 0 });
  }

  /** Whether all of the content has been read, or it broke off. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * The head of the response is here: from now on the server may leave the content unread for as
   * long as its response takes. The client still has to send what it has begun.
   */
  answered(): void {
    this.#answered = true;
    if (!this.#awaitsClient) this.disarm();
  }

  /** Ends the upload; content that is left is not read. */
  end(): void {
    this.#ended = true;
    this.disarm();
    // Not every runtime cancels the stream.
    if (!this.#complete) this.#cancelReader();
  }

  /** The client or the server kept the content waiting for too long. */
  override onDue(): void {
    this.#options.exchange.cancel(stalled(this.#awaitsClient ? "client" : "server"));
  }

  get #awaitsHead(): boolean {
    return !this.#ended && !this.#answered;
  }

  async #cancelReader(): Promise<void> {
    try {
      await this.#reader.cancel();
    } catch {
      // The content broke off before.
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const piece = await this.#next();
      if (piece === undefined) {
        this.#finish();
        if (this.#awaitsHead) this.#options.responseQueue.add(this.#options.exchange);
        controller.close();
      } else {
        this.#passOn(piece.length);
        controller.enqueue(piece);
      }
    } catch (thrown) {
      const error = thrown instanceof BalancerError
        ? thrown
        : clientGone("broke off its request", thrown);
      this.#finish();
      this.#options.exchange.cancel(error);
      controller.error(error);
    }
  }

  async #next(): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#awaitClient();
      const { value } = await this.#reader.read();
      // With an empty piece, fetch would wait for another one.
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

  #awaitClient(): void {
    this.#awaitsClient = true;
    if (this.#ended) return;
    // The response's time begins when the server has the request.
    if (this.#awaitsHead) this.#options.exchange.disarm();
    this.#options.contentQueue.add(this);
  }

  #passOn(bytes: number): void {
    this.#awaitsClient = false;
    const { record, contentQueue } = this.#options;
    if (record !== undefined) record.bytesSent += bytes;
    if (this.#awaitsHead) contentQueue.add(this);
    else this.disarm();
  }

  #finish(): void {
    this.#awaitsClient = false;
    this.#complete = true;
    this.disarm();
  }
}

function clientGone(what: string, cause?: unknown): BalancerError {
  return new BalancerError("client_gone", `The client ${what}`, { source: "downstream", cause });
}
