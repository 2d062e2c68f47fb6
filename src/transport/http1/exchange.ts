import type { Cancellable } from "../../core/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";
import type { HeaderField, SendOptions, UpstreamRequest, UpstreamResponse } from "../transport.ts";
import type { Connection } from "./connection.ts";
import { type ContentReader, contentReader } from "./content.ts";
import { RequestContent } from "./request_content.ts";
import { ChunkFramer, LAST_CHUNK, requestFraming, requestHead } from "./request_head.ts";
import { delimitResponse, type ResponseFraming } from "./response_framing.ts";
import { badResponse, type ResponseHead, type ResponseHeadParser } from "./response_head.ts";

/** How many interim (1xx) responses are read over before the final one. */
const INTERIM_MAX = 100;

/** What all exchanges with one server have in common. */
export interface ExchangeContext {
  /** The path of the server's URL, without a slash at the end. */
  readonly basePath: string;
  /** Reads response heads. */
  readonly parser: ResponseHeadParser;
  /** How long to wait for the head of a response. */
  readonly responseQueue: DeadlineQueue;
  /** How long content may stand still, in either direction. */
  readonly contentQueue: DeadlineQueue;
  /** Takes a connection back that can carry another request. */
  release(connection: Connection): void;
}

/**
 * One request and its response on a connection. The request's content is sent while the response
 * is read, as a server may answer before it has read everything.
 *
 * It is the response and its own deadline as well: a small exchange is over in some microseconds,
 * and each object more would be felt.
 */
export class Exchange extends Deadline implements UpstreamResponse, Cancellable {
  readonly #connection: Connection;
  readonly #request: UpstreamRequest;
  readonly #context: ExchangeContext;
  readonly #options: SendOptions;
  #content: RequestContent | undefined;
  #sent = false;
  #ended = false;
  /** Why the exchange was broken off from this side. */
  #failure: BalancerError | undefined;
  #keepAlive = false;
  /** See {@linkcode UpstreamResponse}. */
  status = 0;
  /** See {@linkcode UpstreamResponse}. */
  headers: readonly HeaderField[] = [];
  /** See {@linkcode UpstreamResponse}. */
  body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null = null;

  /**
   * @param connection An open connection that nothing else uses.
   * @param request What to send.
   * @param settings What it shares with others, and what is its own.
   */
  constructor(
    connection: Connection,
    request: UpstreamRequest,
    settings: { context: ExchangeContext; options: SendOptions },
  ) {
    super();
    this.#connection = connection;
    this.#request = request;
    this.#context = settings.context;
    this.#options = settings.options;
  }

  /**
   * Sends the request and waits for the head of the final response.
   *
   * @returns This, as the response.
   * @throws {BalancerError} See {@linkcode Transport.send}. The connection is closed then.
   */
  async run(): Promise<UpstreamResponse> {
    const { cancellation } = this.#options;
    cancellation?.attach(this);
    if (cancellation?.reason !== undefined) this.cancel(cancellation.reason);
    try {
      const sending = this.#send();
      const head = await this.#readFinalHead();
      const { framing, keepAlive } = delimitResponse(this.#request.method, head);
      this.#keepAlive = keepAlive && !this.#options.freshConnection;
      this.status = head.status;
      this.headers = head.headers;
      this.meet();
      // The server has answered a request that was in one piece, so the write is over as well.
      if (!this.#sent && !(this.#request.body instanceof ReadableStream)) await sending;
      this.#startBody(framing);
      return this;
    } catch (error) {
      this.discard();
      throw this.#failure ?? error;
    }
  }

  /** See {@linkcode UpstreamResponse}. */
  discard(): void {
    // Content in one piece has arrived, so the exchange is complete.
    if (this.body instanceof Uint8Array) this.#end();
    else if (!this.#ended) this.#finish(false);
  }

  /** Breaks the exchange off; whatever waits on the connection ends with this error. */
  cancel(reason: BalancerError): void {
    if (!this.#ended) this.#failure ??= reason;
    this.#connection.close();
  }

  /** The server was silent for too long. */
  override onDue(): void {
    this.cancel(
      new BalancerError("response_timeout", "The server was silent for too long", {
        source: "upstream",
      }),
    );
  }

  /** Sends the head and the content. Never rejects: what the server says of it decides. */
  async #send(): Promise<void> {
    const { basePath, responseQueue } = this.#context;
    const { body } = this.#request;
    try {
      responseQueue.add(this);
      const close = this.#options.freshConnection ?? false;
      const head = requestHead(basePath, this.#request, close);
      if (body instanceof ReadableStream) {
        await this.#connection.writeText(head);
        await this.#sendContent(body);
      } else await this.#connection.writeText(head, body);
      this.#sent = true;
    } catch {
      // The server no longer reads. It may have answered before (with 413, say), so the response
      // is still waited for; if there is none, reading it fails in its turn.
    }
  }

  async #sendContent(body: ReadableStream<Uint8Array>): Promise<void> {
    const framer = requestFraming(this.#request) === "chunked" ? new ChunkFramer() : undefined;
    const content = this.#content = new RequestContent(body, this.#request.contentLength);
    let left = this.#request.contentLength ?? Infinity;
    for (;;) {
      const chunk = await this.#readFromClient(content);
      if (chunk === undefined) break;
      left -= chunk.length;
      if (left < 0) throw this.#clientGone("sent more content than it announced");
      // An empty chunk would end the content (RFC 9112 §7.1).
      if (chunk.length === 0) continue;
      await this.#connection.write(framer === undefined ? chunk : framer.frame(chunk));
      if (!this.#ended) this.#context.contentQueue.add(this);
    }
    if (framer !== undefined) await this.#connection.write(LAST_CHUNK);
    else if (left > 0) throw this.#clientGone("sent less content than it announced");
    if (!this.#ended) this.#context.responseQueue.add(this);
  }

  async #readFromClient(content: RequestContent): Promise<Uint8Array | undefined> {
    try {
      return await content.next();
    } catch (cause) {
      throw this.#clientGone("broke off its request", cause);
    }
  }

  async #readFinalHead(): Promise<ResponseHead> {
    const connection = this.#connection;
    for (let interim = 0; interim <= INTERIM_MAX;) {
      const head = this.#parseHead();
      if (head === undefined) {
        if (await connection.fill()) continue;
        throw connection.buffered === 0 ? closedEarly() : headIncomplete();
      }
      if (head.status >= 200) return head;
      // RFC 9110 §15.2: a proxy may drop interim responses. 101 is the answer to an Upgrade, which
      // was never sent.
      if (head.status === 101) throw badResponse("switches protocols without having been asked to");
      interim++;
    }
    throw badResponse(`has more than ${INTERIM_MAX} interim responses before it`);
  }

  /** The next head, if all of it has arrived. */
  #parseHead(): ResponseHead | undefined {
    const connection = this.#connection;
    if (connection.buffered === 0) return undefined;
    const head = this.#context.parser.parse(connection.buffer, connection.from, connection.to);
    if (head !== undefined) connection.from = head.end;
    return head;
  }

  #startBody(framing: ResponseFraming): void {
    if (framing.kind === "none") return this.#end();
    if (framing.kind === "length" && this.#connection.buffered >= framing.length) {
      this.body = this.#connection.view(framing.length);
      return;
    }
    this.body = this.#stream(contentReader(this.#connection, framing));
  }

  #stream(reader: ContentReader): ReadableStream<Uint8Array> {
    let previous: Uint8Array<ArrayBuffer> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          // Left to the garbage collector, up to 90 MiB of used pieces would pile up, and new ones
          // would never come from memory that is still warm: that costs a third of the throughput.
          if (this.#options.releaseContent) previous?.buffer.transfer(0);
          this.#context.contentQueue.add(this);
          const piece = await reader.next();
          this.meet();
          previous = piece;
          if (piece !== undefined) return controller.enqueue(piece);
          this.#end();
          controller.close();
        } catch (error) {
          this.discard();
          controller.error(this.#failure ?? error);
        }
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
  }

  /** The response is complete: the connection goes back if it can carry another request. */
  #end(): void {
    // Bytes behind the response are none of ours: the next request would get them for its answer.
    if (!this.#ended) {
      this.#finish(this.#keepAlive && this.#sent && this.#connection.buffered === 0);
    }
  }

  #finish(reusable: boolean): void {
    this.#ended = true;
    this.meet();
    this.#options.cancellation?.attach(undefined);
    if (!this.#sent) this.#content?.cancel().catch(ignore);
    if (reusable && !this.#connection.closed) this.#context.release(this.#connection);
    else this.#connection.close();
  }

  #clientGone(what: string, cause?: unknown): BalancerError {
    const reason = new BalancerError("client_gone", `The client ${what}`, {
      source: "downstream",
      cause,
    });
    this.cancel(reason);
    return reason;
  }
}

function ignore(): void {}

function closedEarly(): BalancerError {
  return new BalancerError(
    "closed_early",
    "The server closed the connection before the first byte of its response",
    { source: "upstream" },
  );
}

function headIncomplete(): BalancerError {
  return new BalancerError(
    "incomplete",
    "The server closed the connection in the middle of a response head",
    { source: "upstream" },
  );
}
