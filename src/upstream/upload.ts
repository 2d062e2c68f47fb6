import type { Cancellable } from "../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../runtime/deadlines.ts";
import { stalled } from "../http1/response_errors.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type { TransferRecord } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import { RequestContent } from "./request_content.ts";
import { ChunkFramer, LAST_CHUNK, requestFraming } from "../http1/request_head.ts";

/** How content that streams is sent. */
export interface UploadOptions {
  /** How long it may stand still. */
  readonly queue: DeadlineQueue;
  /** Where it is noted how much was sent. Default: nowhere. */
  readonly record: TransferRecord | undefined;
  /** Called off when the content stands still for too long. */
  readonly exchange: Cancellable;
}

/**
 * A request's content that streams to a server. Its deadline is its own: the response may come
 * meanwhile, and neither direction may be blamed, or given more time, for the other.
 */
export class Upload extends Deadline {
  readonly #connection: Connection;
  readonly #framer: ChunkFramer | undefined;
  readonly #content: RequestContent;
  readonly #options: UploadOptions;
  /** Whether the client's next piece is waited for, and not the server. */
  #awaitsClient = false;
  #answered = false;
  #over = false;
  #complete = false;

  /**
   * @param connection The connection to send on.
   * @param request The request, with this content, which is locked from now on.
   * @param content The content.
   * @param options How to send it.
   */
  constructor(
    connection: Connection,
    { request, content }: { request: UpstreamRequest; content: ReadableStream<Uint8Array> },
    options: UploadOptions,
  ) {
    super();
    this.#connection = connection;
    this.#framer = requestFraming(request) === "chunked" ? new ChunkFramer() : undefined;
    this.#content = new RequestContent(content, request.contentLength);
    this.#options = options;
  }

  /** Whether all of it was sent. */
  get complete(): boolean {
    return this.#complete;
  }

  /**
   * Sends the head and the content, as far as the server reads them.
   *
   * @throws {BalancerError} What {@linkcode RequestContent.next} throws.
   */
  async send(head: string): Promise<void> {
    try {
      this.#awaitServer();
      this.#complete = await this.#connection.writeText(head) && await this.#sendContent();
    } finally {
      this.disarm();
    }
  }

  /**
   * The server answers: from now on it may leave the content unread for as long as its response
   * takes. The client still has to go on with what it has begun.
   */
  answered(): void {
    this.#answered = true;
    if (!this.#awaitsClient) this.disarm();
  }

  /** Nothing waits for it any more: what is left is not sent. */
  end(): void {
    this.#over = true;
    this.disarm();
    if (!this.#complete) this.#content.cancel().catch(() => {});
  }

  /** The client or the server kept the content waiting for too long. */
  override onDue(): void {
    this.#options.exchange.cancel(stalled(this.#awaitsClient ? "client" : "server"));
  }

  /** Sends all pieces; false where the server no longer reads. */
  async #sendContent(): Promise<boolean> {
    const { record } = this.#options;
    for (;;) {
      this.#awaitClient();
      let piece = await this.#content.next();
      // An empty chunk would end the content (RFC 9112 §7.1), and shows no progress.
      while (piece?.length === 0) piece = await this.#content.next();
      this.#awaitServer();
      if (piece === undefined) break;
      if (!await this.#connection.write(this.#framer?.frame(piece) ?? piece)) return false;
      if (record !== undefined) record.bytesSent += piece.length;
    }
    return this.#framer === undefined || await this.#connection.write(LAST_CHUNK);
  }

  #awaitClient(): void {
    this.#awaitsClient = true;
    if (!this.#over) this.#options.queue.add(this);
  }

  #awaitServer(): void {
    this.#awaitsClient = false;
    if (this.#answered || this.#over) this.disarm();
    else this.#options.queue.add(this);
  }
}
