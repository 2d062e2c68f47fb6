import type { Cancellable } from "../runtime/cancellation.ts";
import { Deadline } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";
import type { HeaderField, UpstreamRequest } from "../http1/message.ts";
import type { ContentReceiver, SendOptions, UpstreamResponse } from "./transport.ts";
import type { Connection } from "./upstream_connection.ts";
import type { ExchangeContext, ExchangeSettings } from "./exchange_context.ts";
import { contentReader } from "./response_content.ts";
import { requestHead } from "../http1/request_head.ts";
import { badResponse, closedEarly, incomplete, stalled } from "../http1/response_errors.ts";
import { delimitResponse } from "../http1/response_framing.ts";
import type { ResponseHead } from "../http1/response_head.ts";
import { responseStream, type StreamWatch } from "./response_stream.ts";
import { Upload } from "./upload.ts";

/** The most interim (1xx) responses that are skipped before the final one. */
const INTERIM_MAX = 100;

/**
 * A response with up to this much content, in bytes, is passed on once all of it has arrived: until
 * then the request can still go to another server, and a slow client does not occupy the connection.
 */
const SMALL_CONTENT = 65_536;

/**
 * One request and its response on a connection. The request's content is sent while the response
 * is read, as a server may answer before it has read everything.
 *
 * It is the response and its own deadline as well: a small exchange takes some microseconds, and each
 * further object would cost measurably.
 */
export class Exchange extends Deadline implements UpstreamResponse, Cancellable, StreamWatch {
  #connection: Connection;
  #reused: boolean;
  readonly #request: UpstreamRequest;
  readonly #context: ExchangeContext;
  readonly #options: SendOptions;
  readonly #upgrading: boolean;
  #upload: Upload | undefined;
  #ended = false;
  /** The number of interim responses. */
  #interim = 0;
  /** Why this side aborted the exchange. */
  #failure: BalancerError | undefined;
  #keepAlive = false;
  /** See {@linkcode UpstreamResponse}. */
  status = 0;
  /** See {@linkcode UpstreamResponse}. */
  headers: readonly HeaderField[] = [];
  /** See {@linkcode UpstreamResponse}. */
  contentLength: number | undefined;
  /** See {@linkcode UpstreamResponse}. */
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null = null;
  /** See {@linkcode UpstreamResponse}. */
  receiver: ContentReceiver | undefined;
  #switching: ResponseHead | undefined;

  /**
   * @param connection An open connection that nothing else uses.
   * @param request The request.
   * @param settings The settings of this exchange.
   */
  constructor(connection: Connection, request: UpstreamRequest, settings: ExchangeSettings) {
    super();
    this.#connection = connection;
    this.#reused = settings.reused;
    this.#request = request;
    this.#context = settings.context;
    this.#options = settings.options;
    this.#upgrading = settings.upgrading ?? false;
  }

  /**
   * Sends the request and waits for the head of the final response.
   *
   * @returns This, as the response.
   * @throws {BalancerError} See {@linkcode Transport.send}. The connection is closed then.
   */
  async run(): Promise<UpstreamResponse> {
    const { cancellation } = this.#options;
    for (;;) {
      const connection = this.#connection;
      cancellation?.attach(this);
      if (cancellation?.reason !== undefined) this.cancel(cancellation.reason);
      try {
        this.#send();
        let head: ResponseHead | undefined;
        while ((head = this.#parseFinalHead()) === undefined) {
          if (await connection.fill()) continue;
          // An interim response counts as the beginning of a response.
          const nothing = connection.buffered === 0 && this.#interim === 0;
          throw nothing ? closedEarly() : incomplete();
        }
        this.disarm();
        this.#upload?.answered();
        const length = this.#begin(head);
        if (connection.buffered < length) await this.#awaitContent(length);
        if (length > 0) this.#takeContent(length);
        return this;
      } catch (error) {
        if (!this.#isStale(error)) {
          this.discard();
          throw this.#failure ?? error;
        }
      }
      this.disarm();
      connection.close();
      this.#connection = await this.#context.connect(this.#options);
      this.#reused = false;
    }
  }

  /** See {@linkcode UpstreamResponse}. */
  discard(reason?: BalancerError): void {
    // Content in one piece has arrived, so the exchange is complete.
    if (this.body instanceof Uint8Array) return this.#end();
    if (this.#ended) return;
    this.#failure ??= reason;
    this.#finish(false);
  }

  /** After a 101, hands over its head and the connection, which no longer belongs to the exchange. */
  detach(): { head: ResponseHead; connection: Connection } | undefined {
    if (this.#switching === undefined) return undefined;
    this.#ended = true;
    this.#options.cancellation?.attach(undefined);
    return { head: this.#switching, connection: this.#connection };
  }

  /** Aborts the exchange; pending reads and writes fail with this error. */
  cancel(reason: BalancerError): void {
    if (!this.#ended) this.#failure ??= reason;
    this.#connection.close();
  }

  /** Aborts the exchange, as the server or the client has stalled for too long. */
  override onDue(): void {
    this.cancel(stalled("server"));
  }

  /**
   * Sends the head and the content. Nothing waits for that: a server that no longer reads may have
   * answered already (with 413, say), so the response decides.
   */
  #send(): void {
    const { basePath, responseQueue } = this.#context;
    const { body } = this.#request;
    const { record } = this.#options;
    if (record !== undefined) {
      if (this.#reused) record.connection = "reused";
      record.bytesSent = body instanceof Uint8Array ? body.length : 0;
    }
    const head = requestHead(basePath, this.#request, this.#options.freshConnection ?? false);
    if (body instanceof ReadableStream) {
      this.#sendStream(head, body).catch((error) => this.cancel(error));
    } else {
      responseQueue.add(this);
      this.#connection.writeText(head, body);
    }
  }

  async #sendStream(head: string, content: ReadableStream<Uint8Array>): Promise<void> {
    const { responseQueue, contentQueue } = this.#context;
    const { record } = this.#options;
    const upload = { request: this.#request, content };
    const options = { queue: contentQueue, record, exchange: this };
    this.#upload = new Upload(this.#connection, upload, options);
    await this.#upload.send(head);
    // After the head, the deadline runs only while a client wants content.
    if (!this.#ended && this.status === 0) responseQueue.add(this);
  }

  /** Parses the head of the final response; undefined if it has not arrived completely. */
  #parseFinalHead(): ResponseHead | undefined {
    const connection = this.#connection;
    while (connection.buffered > 0) {
      const head = this.#context.parser.parse(connection.buffer, connection.from, connection.to);
      if (head === undefined) return undefined;
      connection.from = head.end;
      // RFC 9110 §15.2: a proxy may drop interim responses. 101 is the answer to an Upgrade.
      if (head.status >= 200) return head;
      if (head.status === 101 && this.#upgrading) return this.#switching = head;
      if (head.status === 101) throw badResponse("switches protocols without having been asked to");
      const tooMany = ++this.#interim > INTERIM_MAX;
      if (tooMany) throw badResponse(`has more than ${INTERIM_MAX} interim responses before it`);
    }
    return undefined;
  }

  /**
   * Becomes the response, once its head has arrived.
   *
   * @returns The length of content that is read in one piece; 0 if it is streamed.
   */
  #begin(head: ResponseHead): number {
    if (this.#switching !== undefined) return 0;
    const { method } = this.#request;
    const { framing, keepAlive, headers, contentLength } = delimitResponse(method, head);
    this.#keepAlive = keepAlive && !this.#options.freshConnection;
    this.status = head.status;
    this.headers = headers;
    this.contentLength = contentLength;
    if (framing.kind === "none") this.#end();
    else if (framing.kind === "length" && framing.length <= SMALL_CONTENT) return framing.length;
    else {
      const reader = contentReader(this.#connection, framing);
      this.body = responseStream(reader, this, this.#options.releaseContent ?? false);
    }
    return 0;
  }

  async #awaitContent(length: number): Promise<void> {
    const connection = this.#connection;
    connection.reserve(length);
    while (connection.buffered < length) {
      this.#context.contentQueue.add(this);
      if (!await connection.fill()) throw incomplete();
    }
    this.disarm();
  }

  #takeContent(length: number): void {
    this.body = this.#connection.view(length);
    if (this.#options.record !== undefined) this.#options.record.bytesReceived = length;
  }

  /**
   * Whether the server closed an idle connection just as it was reused. RFC 9112 §9.3.1 allows a
   * second attempt if nothing can have been processed twice.
   */
  #isStale(error: unknown): boolean {
    return this.#reused && this.#failure === undefined && this.#request.replayable &&
      error instanceof BalancerError && error.code === "closed_early";
  }

  /** See {@linkcode StreamWatch}. */
  onAsk(left: number): number {
    this.#context.contentQueue.add(this);
    return this.receiver?.ask(left) ?? Infinity;
  }

  /** See {@linkcode StreamWatch}. */
  onPiece(bytes: number): void {
    const { record } = this.#options;
    this.disarm();
    if (bytes === 0) this.#end();
    else if (record !== undefined) record.bytesReceived += bytes;
  }

  /** See {@linkcode StreamWatch}. */
  onGiven(): void {
    this.receiver?.give();
  }

  /** See {@linkcode StreamWatch}. */
  onFailure(error: unknown): unknown {
    const { record } = this.#options;
    this.discard();
    const failure = this.#failure ?? error;
    if (record && failure instanceof BalancerError) record.failure = failure.code;
    return failure;
  }

  /** See {@linkcode StreamWatch}. Only a client that disconnects cancels content. */
  onCancel(): void {
    const { record } = this.#options;
    if (record !== undefined) record.failure = "client_gone";
    this.discard();
  }

  /** Completes the response, and returns the connection if it can carry another request. */
  #end(): void {
    // The next request would get surplus bytes behind the response for its answer. Content that is
    // still unsent, as the server answered without reading it, would precede the next request.
    if (!this.#ended) {
      const { unsent, buffered } = this.#connection;
      this.#finish(
        this.#keepAlive && (this.#upload?.complete ?? true) && !unsent && buffered === 0,
      );
    }
  }

  #finish(reusable: boolean): void {
    this.#ended = true;
    this.disarm();
    this.#options.cancellation?.attach(undefined);
    this.#upload?.end();
    if (reusable && !this.#connection.closed) this.#context.release(this.#connection);
    else this.#connection.close();
  }
}
