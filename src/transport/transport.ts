import type { Cancellation } from "../core/cancellation.ts";

/** A header field: its name and its value, each character standing for one byte. */
export type HeaderField = readonly [name: string, value: string];

/** A request that is ready to be sent: hop-by-hop fields are gone, forwarding fields are set. */
export interface UpstreamRequest {
  /** The method, as received. */
  readonly method: string;
  /** The request target in origin form (RFC 9112 §3.2.1), before the server's base path. */
  readonly target: string;
  /** Every field but those of the framing, which the transport writes; with `host`. */
  readonly headers: readonly HeaderField[];
  /** The content, if any: as a stream, or in one piece. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** The content's length in bytes; undefined when it is not known beforehand. */
  readonly contentLength: number | undefined;
  /** Whether it may be sent a second time: the method is idempotent, the content no stream. */
  readonly replayable: boolean;
}

/** A response whose head has arrived. */
export interface UpstreamResponse {
  /** The status code, 200 to 599. */
  readonly status: number;
  /**
   * The fields that a proxy passes on, names in lower case: not those that are about the connection
   * (RFC 9110 §7.6.1), and no Content-Length.
   */
  readonly headers: readonly HeaderField[];
  /**
   * The Content-Length as received, in bytes, if there was one. The response to a HEAD has that of a
   * GET, without any content.
   */
  readonly contentLength: number | undefined;
  /**
   * The content: as a stream, or in one piece where it came together with the head. The piece is a
   * view of memory that is used again after {@linkcode UpstreamResponse.discard}.
   */
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  /**
   * Says that the content is not needed any longer: the connection is free for others. What has not
   * arrived is not waited for. Harmless a second time, and after the end of a stream.
   */
  discard(): void;
}

/** How one request is to be sent. */
export interface SendOptions {
  /** Calls the request off. */
  readonly cancellation?: Cancellation;
  /** Makes a connection for this request alone, as a health check does. Default: false. */
  readonly freshConnection?: boolean;
  /**
   * Lets the transport free each piece of the response's content when the next one is asked for.
   * Only right where the reader is done with a piece by then. Default: false.
   */
  readonly releaseContent?: boolean;
}

/** Moves requests to servers and responses back. It knows nothing of who picks the servers. */
export interface Transport extends AsyncDisposable {
  /**
   * Sends a request and waits for the head of the response.
   *
   * @param serverUrl The server, in canonical form.
   * @param request What to send.
   * @param options How to send it.
   * @returns The response, its content possibly still on the way.
   * @throws {BalancerError} `connect_failed`, `connect_timeout`, `response_timeout`,
   * `closed_early`, `incomplete`, `bad_response` (source `upstream`), `client_gone` (source
   * `downstream`), or what the cancellation gave as its reason.
   */
  send(
    serverUrl: string,
    request: UpstreamRequest,
    options?: SendOptions,
  ): Promise<UpstreamResponse>;
  /**
   * Closes the idle connections to a server that is no longer used.
   *
   * @param serverUrl The server, in canonical form.
   * @param drain After how many seconds those that are in use are broken off. Default: never.
   */
  forget(serverUrl: string, drain?: number): void;
}
