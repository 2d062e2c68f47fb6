import type { Cancellation } from "../../core/cancellation.ts";
import type { Deadline, Deadlines } from "../../core/deadlines.ts";
import { BalancerError } from "../../core/errors.ts";
import type { UpstreamRequest, UpstreamResponse } from "../transport.ts";
import type { Connection } from "./connection.ts";
import { RequestContent } from "./request_content.ts";
import { type ContentReader, contentReader } from "./content.ts";
import {
  ChunkFramer,
  LAST_CHUNK,
  latin1Bytes,
  requestFraming,
  requestHead,
} from "./request_head.ts";
import { delimitResponse, type ResponseFraming } from "./response_framing.ts";
import { badResponse, findHeadEnd, parseResponseHead, type ResponseHead } from "./response_head.ts";

/** How many interim (1xx) responses are read over before the final one. */
const INTERIM_MAX = 100;

/** What an exchange needs beside the connection and the request. */
export interface ExchangeOptions {
  /** The path of the server's URL, without a slash at the end. */
  readonly basePath: string;
  /** Whether the connection is to be closed after this exchange. */
  readonly close: boolean;
  /** The timer for all exchanges. */
  readonly deadlines: Deadlines;
  /** How long to wait for the head of the response, in milliseconds. */
  readonly responseTimeout: number;
  /** How long content may stand still, in milliseconds, in either direction. */
  readonly contentTimeout: number;
  /** Calls the exchange off. */
  readonly cancellation: Cancellation | undefined;
  /** Whether a piece of the response's content may be freed when the next one is asked for. */
  readonly releaseContent: boolean;
  /** Called once when the exchange is over, with whether the connection can carry another. */
  readonly onEnd: (reusable: boolean) => void;
}

/**
 * One request and its response on a connection. The request's content is sent while the response
 * is read, as a server may answer before it has read everything.
 */
export class Exchange {
  readonly #connection: Connection;
  readonly #request: UpstreamRequest;
  readonly #options: ExchangeOptions;
  #deadline: Deadline | undefined;
  #content: RequestContent | undefined;
  #sent = false;
  #ended = false;
  /** Why the exchange was broken off from this side. */
  #failure: BalancerError | undefined;
  #keepAlive = false;

  /**
   * @param connection An open connection that nothing else uses.
   * @param request What to send.
   * @param options Limits and callbacks.
   */
  constructor(connection: Connection, request: UpstreamRequest, options: ExchangeOptions) {
    this.#connection = connection;
    this.#request = request;
    this.#options = options;
  }

  /**
   * Sends the request and waits for the head of the final response.
   *
   * @throws {BalancerError} See {@linkcode Transport.send}. The connection is closed then.
   */
  async run(): Promise<UpstreamResponse> {
    const { cancellation } = this.#options;
    if (cancellation?.reason !== undefined) this.#fail(cancellation.reason);
    cancellation?.onCancel((reason) => this.#fail(reason));
    try {
      const sending = this.#send();
      const head = await this.#readFinalHead();
      const { framing, keepAlive } = delimitResponse(this.#request.method, head);
      this.#keepAlive = keepAlive && !this.#options.close;
      this.#stopDeadline();
      const body = await this.#responseBody(framing, sending);
      return {
        status: head.status,
        headers: head.headers,
        body,
        discard: () => this.#giveUp(),
      };
    } catch (error) {
      this.#giveUp();
      throw this.#failure ?? error;
    }
  }

  /** Sends the head and the content. Never rejects: what the server says of it decides. */
  async #send(): Promise<void> {
    const { basePath, close, responseTimeout } = this.#options;
    try {
      this.#startDeadline(responseTimeout);
      await this.#connection.write(latin1Bytes(requestHead(basePath, this.#request, close)));
      if (this.#request.body !== null) await this.#sendContent(this.#request.body);
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
      if (left < 0) throw this.#fail(clientGone("sent more content than it announced"));
      // An empty chunk would end the content (RFC 9112 §7.1).
      if (chunk.length === 0) continue;
      await this.#connection.write(framer === undefined ? chunk : framer.frame(chunk));
      if (!this.#ended) this.#startDeadline(this.#options.contentTimeout);
    }
    if (framer === undefined && left > 0) {
      throw this.#fail(clientGone("sent less content than it announced"));
    }
    if (framer !== undefined) await this.#connection.write(LAST_CHUNK);
    if (!this.#ended) this.#startDeadline(this.#options.responseTimeout);
  }

  async #readFromClient(content: RequestContent): Promise<Uint8Array | undefined> {
    try {
      return await content.next();
    } catch (cause) {
      throw this.#fail(clientGone("broke off its request", cause));
    }
  }

  async #readFinalHead(): Promise<ResponseHead> {
    for (let interim = 0; interim <= INTERIM_MAX; interim++) {
      const head = await this.#readHead();
      if (head.status >= 200) return head;
      // RFC 9110 §15.2: a proxy may drop interim responses. 101 is the answer to an Upgrade, which
      // was never sent.
      if (head.status === 101) throw badResponse("switches protocols without having been asked to");
    }
    throw badResponse(`has more than ${INTERIM_MAX} interim responses before it`);
  }

  async #readHead(): Promise<ResponseHead> {
    const connection = this.#connection;
    for (;;) {
      const bytes = connection.peek();
      const end = findHeadEnd(bytes, 0, bytes.length);
      if (end !== -1) {
        const head = parseResponseHead(bytes, 0, end);
        connection.consume(end);
        return head;
      }
      if (await connection.fill()) continue;
      throw connection.buffered === 0 ? closedEarly() : headIncomplete();
    }
  }

  async #responseBody(
    framing: ResponseFraming,
    sending: Promise<void>,
  ): Promise<UpstreamResponse["body"]> {
    if (framing.kind === "none") {
      // Where the whole request was written already, its promise needs a turn to say so.
      if (this.#request.body === null) await sending;
      this.#end();
      return null;
    }
    if (framing.kind === "length" && this.#connection.buffered >= framing.length) {
      if (this.#request.body === null) await sending;
      const body = this.#connection.take(framing.length);
      this.#end();
      return body;
    }
    return this.#stream(contentReader(this.#connection, framing));
  }

  #stream(reader: ContentReader): ReadableStream<Uint8Array> {
    let previous: Uint8Array<ArrayBuffer> | undefined;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          // Left to the garbage collector, up to 90 MiB of used pieces would pile up, and new ones
          // would never come from memory that is still warm: that costs a third of the throughput.
          if (this.#options.releaseContent) previous?.buffer.transfer(0);
          this.#startDeadline(this.#options.contentTimeout);
          const piece = await reader.next();
          this.#stopDeadline();
          previous = piece;
          if (piece !== undefined) return controller.enqueue(piece);
          this.#end();
          controller.close();
        } catch (error) {
          this.#giveUp();
          controller.error(this.#failure ?? error);
        }
      },
      cancel: () => this.#giveUp(),
    }, { highWaterMark: 0 });
  }

  /** The response is complete: the connection goes back if it can carry another request. */
  #end(): void {
    if (this.#ended) return;
    // Bytes behind the response are none of ours: the next request would get them for its answer.
    this.#finish(this.#keepAlive && this.#sent && this.#connection.buffered === 0);
  }

  /** The rest of the response is not wanted, or cannot be had. */
  #giveUp(): void {
    if (!this.#ended) this.#finish(false);
  }

  #finish(reusable: boolean): void {
    this.#ended = true;
    this.#stopDeadline();
    this.#options.cancellation?.onCancel(undefined);
    if (!this.#sent) this.#content?.cancel().catch(ignore);
    this.#options.onEnd(reusable && !this.#connection.closed);
  }

  /** Breaks the exchange off; whatever waits on the connection ends with this error. */
  #fail(reason: BalancerError): BalancerError {
    if (!this.#ended) this.#failure ??= reason;
    this.#connection.close();
    return reason;
  }

  #startDeadline(milliseconds: number): void {
    this.#stopDeadline();
    this.#deadline = this.#options.deadlines.start(milliseconds, () => {
      this.#fail(
        new BalancerError(
          "response_timeout",
          `The server was silent for ${milliseconds / 1000} s`,
          { source: "upstream" },
        ),
      );
    });
  }

  #stopDeadline(): void {
    if (this.#deadline !== undefined) this.#options.deadlines.cancel(this.#deadline);
    this.#deadline = undefined;
  }
}

function ignore(): void {}

function clientGone(what: string, cause?: unknown): BalancerError {
  return new BalancerError("client_gone", `The client ${what}`, { source: "downstream", cause });
}

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
