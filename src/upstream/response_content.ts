import type { Connection } from "./upstream_connection.ts";
import { latin1Text } from "../http1/latin1.ts";
import { badResponse, incomplete } from "../http1/response_errors.ts";
import type { ResponseFraming } from "../http1/response_framing.ts";

/** The longest chunk-size line or trailer field that is accepted, in bytes. */
const LINE_MAX_BYTES = 8192;
/** The largest piece that is copied rather than read into a buffer of its own, in bytes. */
const SMALL_PIECE = 8192;
/** The most trailer fields that are skipped. */
const TRAILERS_MAX = 100;

/** Reads a response's content from a connection, piece by piece. */
export interface ContentReader {
  /** The remaining length of the content, in bytes; Infinity if it is unknown. */
  readonly left: number;
  /**
   * Reads the next piece; undefined at the end of the content.
   *
   * @param limit The most bytes that it may have.
   * @throws {BalancerError} `incomplete` if the connection ends before the content, `bad_response`
   * if the framing breaks HTTP.
   */
  next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** Makes the reader for a framing. */
export function contentReader(
  connection: Connection,
  framing: Exclude<ResponseFraming, { kind: "none" }>,
): ContentReader {
  switch (framing.kind) {
    case "length":
      return new LengthReader(connection, framing.length);
    case "chunked":
      return new ChunkedReader(connection);
    case "until_close":
      return new UntilCloseReader(connection);
  }
}

/**
 * Content that ends with the connection (RFC 9112 §6.3 rule 8). Only the server's close, with TLS its
 * closure alert (§9.8), is its end; a close by our own timeout is not.
 */
class UntilCloseReader implements ContentReader {
  readonly #connection: Connection;
  readonly left = Infinity;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const piece = await nextPiece(this.#connection, limit);
    if (piece === undefined && this.#connection.broken) throw incomplete();
    return piece;
  }
}

/** Content of a known length (RFC 9112 §6.2). */
class LengthReader implements ContentReader {
  readonly #connection: Connection;
  left: number;

  constructor(connection: Connection, length: number) {
    this.#connection = connection;
    this.left = length;
  }

  next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.left === 0) return Promise.resolve(undefined);
    return nextPiece(this.#connection, Math.min(this.left, limit)).then(this.#count);
  }

  readonly #count = (piece: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> => {
    if (piece === undefined) throw incomplete();
    this.left -= piece.length;
    return piece;
  };
}

/** Reads the next bytes of a connection, without a buffer that waits: small pieces may take hours. */
function nextPiece(
  connection: Connection,
  limit: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (limit <= SMALL_PIECE) connection.releaseBuffer();
  return connection.next(limit);
}

/** Chunked content (RFC 9112 §7.1). Chunk extensions and trailer fields are skipped. */
class ChunkedReader implements ContentReader {
  readonly #connection: Connection;
  readonly left = Infinity;
  /** The rest of the current chunk, in bytes. */
  #leftOfChunk = 0;
  #first = true;
  #ended = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async next(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#ended) return undefined;
    const connection = this.#connection;
    if (this.#leftOfChunk === 0) {
      // The line break behind a chunk's data belongs to the chunk.
      if (!this.#first && await this.#line() !== "") throw badResponse("has a chunk without end");
      this.#first = false;
      this.#leftOfChunk = parseChunkSize(await this.#line());
      if (this.#leftOfChunk === 0) {
        await this.#skipTrailers();
        this.#ended = true;
        return undefined;
      }
    }
    if (connection.buffered === 0 && !await connection.fill()) throw incomplete();
    const piece = connection.take(Math.min(this.#leftOfChunk, connection.buffered, limit));
    this.#leftOfChunk -= piece.length;
    return piece;
  }

  async #skipTrailers(): Promise<void> {
    for (let count = 0; await this.#line() !== ""; count++) {
      if (count === TRAILERS_MAX) throw badResponse(`has more than ${TRAILERS_MAX} trailer fields`);
    }
  }

  /** Reads the next line without its line break, which must be CR LF. */
  async #line(): Promise<string> {
    const connection = this.#connection;
    for (;;) {
      const { buffer, from, to } = connection;
      const found = buffer.indexOf(0x0a, from);
      // The buffer behind the received bytes has stale data.
      const end = found < to ? found : -1;
      if ((end === -1 ? to : end) - from > LINE_MAX_BYTES) {
        throw badResponse("has a chunk-size line or trailer field that is too long");
      }
      if (end !== -1) {
        if (end === from || buffer[end - 1] !== 0x0d) {
          throw badResponse("has a line break without CR");
        }
        connection.from = end + 1;
        return latin1Text(buffer, from, end - 1);
      }
      if (!await connection.fill()) throw incomplete();
    }
  }
}

/** The size on a chunk's first line, which an extension may follow (RFC 9112 §7.1, §7.1.1). */
function parseChunkSize(line: string): number {
  // deno-lint-ignore no-control-regex
  const match = /^([0-9a-fA-F]{1,13})[ \t]*(?:;[^\u0000-\u0008\u000a-\u001f\u007f]*)?$/.exec(line);
  if (match === null) throw badResponse("has a chunk size that is no size");
  return parseInt(match[1]!, 16);
}
