import type { HeaderField, UpstreamRequest } from "../http1/message.ts";
import type { Cancellation } from "../runtime/cancellation.ts";
import type { BalancerError, ErrorCode } from "../model/errors.ts";

/** The receiver of streamed content. */
export interface ContentReceiver {
  /**
   * Called when the next piece is requested, so the one before has been consumed.
   *
   * @param left The remaining length of the content, in bytes; Infinity if it is unknown.
   * @returns The most bytes that the piece should have.
   */
  ask(left: number): number;
  /** Called when a piece, the end or a failure is ready. */
  give(): void;
}

/** A response whose head has arrived. */
export interface UpstreamResponse {
  /** The status code, 200 to 599. */
  readonly status: number;
  /**
   * The end-to-end fields (RFC 9110 §7.6.1), names in lower case, without Content-Length.
   */
  readonly headers: readonly HeaderField[];
  /**
   * The Content-Length as received, in bytes, if any. The response to a HEAD has that of a GET,
   * without content.
   */
  readonly contentLength: number | undefined;
  /**
   * The content: a stream, or one piece if it arrived together with the head. The piece is a view of
   * memory that is reused after {@linkcode UpstreamResponse.discard}.
   */
  readonly body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null;
  /** The receiver of streamed content; set before the stream is read. Default: none. */
  receiver?: ContentReceiver | undefined;
  /**
   * Releases the content, and with it the connection; content that has not arrived is not waited for.
   * Does nothing a second time, or after the end of a stream.
   *
   * @param reason The error that a reader of the stream gets. Default: that the content broke off.
   */
  discard(reason?: BalancerError): void;
}

/** The largest WebSocket message, in either direction, in bytes: 16 MiB. */
export const MESSAGE_MAX_BYTES = 16_777_216;

/** How the server's side of a WebSocket ended. */
export interface SocketEnd {
  /**
   * `closed`: the server sent a Close frame. `broken_off`: it closed or broke the connection without
   * one. `ended_here`: this side closed the connection. `violation`: what it sent breaks RFC 6455.
   */
  readonly cause: "closed" | "broken_off" | "ended_here" | "violation";
  /**
   * The status code (RFC 6455 §7.4): the one that was received, where there was one; for a
   * violation, the one that fits it.
   */
  readonly code: number | undefined;
  /** The reason that came with the code; for a violation, what is wrong. */
  readonly reason: string;
}

/** An open WebSocket to a server (RFC 6455). Its pings are answered as long as it is read from. */
export interface UpstreamSocket {
  /**
   * The fields of the handshake's response that are passed on, names in lower case, with
   * `sec-websocket-protocol` if the server has chosen one.
   */
  readonly headers: readonly HeaderField[];
  /** How many bytes wait to be sent, with an allowance for what each message costs in memory. */
  readonly unsent: number;
  /**
   * Waits for the next message: a text as a string, a binary message as bytes. Nothing is read
   * from the server in between. To be called by one reader at a time, and not again after an end,
   * but after a violation, when it waits for the server to close the connection.
   */
  receive(): Promise<string | Uint8Array<ArrayBuffer> | SocketEnd>;
  /**
   * Sends a message behind those that wait to be sent. Does nothing after a Close frame.
   *
   * @param data The message, a text in UTF-8. Must not be changed any more.
   * @param text Whether it is a text.
   */
  send(data: Uint8Array, text: boolean): void;
  /**
   * Sends a Close frame behind the messages that wait to be sent. Harmless a second time.
   *
   * @param code The status code; undefined for none.
   * @param reason The reason, 123 bytes at most; only with a code.
   */
  close(code: number | undefined, reason: string): void;
  /** Resolves when everything has been sent that was to be sent, or the connection is broken. */
  flushed(): Promise<void>;
  /** Closes the connection at once. Harmless a second time. */
  destroy(): void;
}

/** The kind of connection that a request was sent on: none so far, a new one, or a pooled one. */
export type ConnectionUse = "none" | "new" | "reused";

/** Where a transport notes what becomes of a request. */
export interface TransferRecord {
  /** The kind of connection. */
  connection: ConnectionUse;
  /** How long that took to make, in milliseconds; 0 where it was there. */
  connectTime: number;
  /** How much content the server was sent, in bytes. */
  bytesSent: number;
  /** How much content it answered with, as far as it was passed on, in bytes. */
  bytesReceived: number;
  /** Why content that was being passed on broke off; undefined where it did not. */
  failure: ErrorCode | undefined;
}

/** How one request is to be sent. */
export interface SendOptions {
  /** Calls the request off. */
  readonly cancellation?: Cancellation;
  /**
   * Makes a connection for this request alone, as a health check does; where the runtime lets it, one
   * that does not keep the process alive. Default: false.
   */
  readonly freshConnection?: boolean;
  /**
   * Lets the transport free each piece of the response's content when the next one is asked for.
   * Only right where the reader is done with a piece by then. Default: false.
   */
  readonly releaseContent?: boolean;
  /** Where it is noted what becomes of the request. Default: nowhere. */
  readonly record?: TransferRecord | undefined;
}

/** How many connections there are to a server. */
export interface ConnectionCounts {
  /** All that are open, idle ones included. */
  readonly open: number;
  /** Those that carry no request. */
  readonly idle: number;
}

/** Moves requests to servers and responses back. It knows nothing of who picks the servers. */
export interface Transport extends AsyncDisposable {
  /**
   * Sends a request and waits for the head of the response.
   *
   * @param serverUrl The server, in canonical form.
   * @param request The request.
   * @param options How to send it.
   * @returns The response, its content possibly still on the way.
   * @throws {BalancerError} `connect_failed`, `connect_timeout`, `response_timeout`,
   * `closed_early`, `incomplete`, `bad_response` (source `upstream`), `client_gone`, `bad_request`
   * where the target would leave the server's base path (source `downstream`), `out_of_resources`,
   * `no_route` (source `internal`: they say nothing about the server), or what the cancellation gave
   * as its reason.
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
  /** How many connections there are to a server, in canonical form. */
  connections(serverUrl: string): ConnectionCounts;
}

/** A transport that can open WebSockets as well. */
export interface WebSocketTransport extends Transport {
  /**
   * Sends a request that asks for a WebSocket and waits for the server's answer. The handshake's
   * own fields (RFC 6455 §4.1) are written here, and no extension is offered.
   *
   * @param serverUrl The server, in canonical form.
   * @param request A GET without content; its `sec-websocket-protocol` is what the client offers.
   * @param options How to send it.
   * @returns The open WebSocket, or the response by which the server refused it.
   * @throws {BalancerError} What {@linkcode Transport.send} throws; `bad_response` also where the
   * server's side of the handshake is wrong.
   */
  upgrade(
    serverUrl: string,
    request: UpstreamRequest,
    options?: SendOptions,
  ): Promise<UpstreamResponse | UpstreamSocket>;
}
