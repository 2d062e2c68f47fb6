import type { Cancellable } from "../../runtime/cancellation.ts";
import { Deadline, type DeadlineQueue } from "../../runtime/deadlines.ts";
import { BalancerError } from "../../model/errors.ts";
import { incomplete, stalled } from "../../http1/response_errors.ts";
import type { HeaderField, UpstreamRequest } from "../../http1/message.ts";
import type { ContentReceiver, SendOptions, UpstreamResponse } from "../transport.ts";
import { explainContentFailure, explainFetchFailure } from "./fetch_failure.ts";
import type { FetchFeatures } from "./fetch_features.ts";
import { fetchInit, fetchUrl } from "./fetch_request.ts";
import { readFetchedHead } from "./fetch_response.ts";
import { FetchUpload } from "./fetch_upload.ts";

/**
 * A response with up to this much content, in bytes, is passed on when all of it is there, so that
 * the request can still go to another server where this one breaks off.
 */
const SMALL_CONTENT = 65_536;

/** The context that all exchanges of a transport share. */
export interface FetchContext {
  /** The server, in canonical form. */
  readonly serverUrl: string;
  /** The features of the runtime's `fetch`. */
  readonly features: FetchFeatures;
  /** How long a connection and the head of a response may take together. */
  readonly responseQueue: DeadlineQueue;
  /** How long content may stand still, in either direction. */
  readonly contentQueue: DeadlineQueue;
  /** Called once when an exchange is over. */
  readonly onEnd: (exchange: FetchExchange) => void;
}

/** One request and its response by `fetch`. It is the response and its own deadline as well. */
export class FetchExchange extends Deadline implements UpstreamResponse, Cancellable {
  readonly #request: UpstreamRequest;
  readonly #context: FetchContext;
  readonly #options: SendOptions;
  readonly #abort = new AbortController();
  #upload: FetchUpload | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #ended = false;
  /** Why the exchange was broken off from this side. */
  #failure: BalancerError | undefined;
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

  /**
   * @param request The request.
   * @param context The context.
   * @param options How to send it.
   */
  constructor(request: UpstreamRequest, context: FetchContext, options: SendOptions) {
    super();
    this.#request = request;
    this.#context = context;
    this.#options = options;
  }

  /**
   * Sends the request and waits for the head of the final response.
   *
   * @returns This, as the response.
   * @throws {BalancerError} See {@linkcode Transport.send}; `bad_request` or `unsupported` for what
   * `fetch` would not send as it is.
   */
  async run(): Promise<UpstreamResponse> {
    const { serverUrl, features, responseQueue } = this.#context;
    const { cancellation } = this.#options;
    try {
      const url = fetchUrl(serverUrl, this.#request.target);
      const init = fetchInit(this.#request, this.#options, features);
      cancellation?.attach(this);
      if (cancellation?.reason !== undefined) throw cancellation.reason;
      responseQueue.add(this);
      const response = await this.#fetch(url, init);
      this.disarm();
      this.#upload?.answered();
      await this.#begin(response);
      return this;
    } catch (thrown) {
      this.discard();
      if (this.#failure !== undefined) throw this.#failure;
      throw thrown instanceof BalancerError ? thrown : explainFetchFailure(thrown, serverUrl);
    }
  }

  /** See {@linkcode UpstreamResponse}. */
  discard(reason?: BalancerError): void {
    if (this.#ended) return;
    this.#failure ??= reason;
    this.#finish(false);
  }

  /** Aborts the exchange; pending reads fail with this error. */
  cancel(reason: BalancerError): void {
    if (this.#ended) return;
    this.#failure ??= reason;
    this.#abort.abort(reason);
  }

  /** Aborts the exchange, as the server has stalled for too long. */
  override onDue(): void {
    this.cancel(stalled("server"));
  }

  #fetch(url: string, init: RequestInit): Promise<Response> {
    const { body, method, contentLength } = this.#request;
    const { record } = this.#options;
    const signal = this.#abort.signal;
    if (!(body instanceof ReadableStream)) {
      if (record !== undefined) record.bytesSent = body?.length ?? 0;
      // RFC 9110 §8.6: a PATCH without content says so.
      const empty = contentLength === 0 && method !== "GET" && method !== "HEAD";
      const content = body ?? (empty ? new Uint8Array(0) : null);
      return fetch(url, { ...init, signal, body: content as BodyInit | null });
    }
    if (record !== undefined) record.bytesSent = 0;
    const { responseQueue, contentQueue } = this.#context;
    const options = { responseQueue, contentQueue, record, exchange: this };
    this.#upload = new FetchUpload(body, this.#request, options);
    const headers = [...init.headers as [string, string][]];
    // Deno (2.9) leaves it out and sends chunks.
    if (contentLength !== undefined) headers.push(["content-length", String(contentLength)]);
    const streaming = { ...init, headers, signal, body: this.#upload.stream, duplex: "half" };
    return fetch(url, streaming as RequestInit);
  }

  /** Becomes the response, once its head has arrived. */
  async #begin(response: Response): Promise<void> {
    const { method } = this.#request;
    const { decodes } = this.#context.features;
    const { headers, contentLength } = readFetchedHead(response, decodes);
    const { status, body } = response;
    this.status = status;
    this.headers = headers;
    this.contentLength = contentLength;
    if (body === null || method === "HEAD" || status === 204 || status === 304) {
      this.#finish(true);
      return;
    }
    this.#reader = body.getReader();
    if (contentLength !== undefined && contentLength <= SMALL_CONTENT) {
      this.body = await this.#takeContent(contentLength);
      this.#finish(true);
    } else this.body = this.#stream();
  }

  async #takeContent(length: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const content = new Uint8Array(length);
    let received = 0;
    for (let piece = await this.#next(); piece !== undefined; piece = await this.#next()) {
      if (received + piece.length > length) throw incomplete();
      content.set(piece, received);
      received += piece.length;
    }
    if (received < length) throw incomplete();
    return length === 0 ? null : content;
  }

  #stream(): ReadableStream<Uint8Array> {
    const { record } = this.#options;
    let left = this.contentLength ?? Infinity;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          this.receiver?.ask(left);
          const piece = await this.#next();
          if (piece !== undefined) {
            left -= piece.length;
            controller.enqueue(piece);
            this.receiver?.give();
            return;
          }
          if (left > 0 && left !== Infinity) throw incomplete();
          this.#finish(true);
          controller.close();
          this.receiver?.give();
        } catch (error) {
          this.discard();
          if (record !== undefined && error instanceof BalancerError) record.failure = error.code;
          controller.error(error);
          this.receiver?.give();
        }
      },
      cancel: () => this.discard(),
    }, { highWaterMark: 0 });
  }

  /** Reads the next piece of the response's content; undefined at its end. */
  async #next(): Promise<Uint8Array | undefined> {
    try {
      this.#context.contentQueue.add(this);
      const { value } = await this.#reader!.read();
      this.disarm();
      const { record } = this.#options;
      if (record !== undefined) record.bytesReceived += value?.length ?? 0;
      return value;
    } catch (thrown) {
      throw this.#failure ?? explainContentFailure(thrown);
    }
  }

  /** Ends the exchange; if anything is left in transit, the connection cannot be reused. */
  #finish(complete: boolean): void {
    this.#ended = true;
    this.disarm();
    this.#options.cancellation?.attach(undefined);
    if (!complete || this.#upload?.complete === false) this.#abort.abort();
    this.#upload?.end();
    this.#context.onEnd(this);
  }
}
