/** A header field: its name and its value, each character standing for one byte. */
export type HeaderField = readonly [name: string, value: string];

/** A request that is ready to be sent: hop-by-hop fields are gone, forwarding fields are set. */
export interface UpstreamRequest {
  /** The method, as received. */
  readonly method: string;
  /** The request target in origin form, before the server's base path, or `*` (RFC 9112 §3.2). */
  readonly target: string;
  /** All fields, with `host`, except those of the framing, which the transport writes. */
  readonly headers: readonly HeaderField[];
  /** The content, if any, as a stream or in one piece. */
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  /** The content's length in bytes; undefined if it is not known beforehand. */
  readonly contentLength: number | undefined;
  /** Whether it may be sent again: its method is idempotent and its content is not a stream. */
  readonly replayable: boolean;
}
