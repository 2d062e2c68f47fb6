import { BalancerError } from "../model/errors.ts";

/** The size of reads of content whose length is known, in bytes. */
const BUFFER_BYTES = 65_536;
/**
 * The size of reads of chunked content, in bytes. `Deno.serve` (2.9) reads as much from the socket as
 * is asked for, but returns at most one of the client's chunks; the rest piles up in its memory while
 * the client is faster than the server. Small reads keep that low for common chunk sizes.
 */
const CHUNKED_BUFFER_BYTES = 16_384;

/**
 * Reads a request's content piece by piece. If the stream is a byte stream, as those of `Deno.serve`
 * are, one buffer serves the whole upload; otherwise each piece is a new one.
 */
export class RequestContent {
  readonly #byob: ReadableStreamBYOBReader | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #buffer: ArrayBuffer;
  /** The remaining length in bytes, if known. */
  #left: number | undefined;

  /**
   * Locks the stream.
   *
   * @param stream The content.
   * @param length Its length in bytes, if it is known.
   */
  constructor(stream: ReadableStream<Uint8Array>, length: number | undefined) {
    this.#byob = byobReader(stream);
    this.#reader = this.#byob === undefined ? stream.getReader() : undefined;
    this.#left = length;
    this.#buffer = new ArrayBuffer(Math.min(length ?? CHUNKED_BUFFER_BYTES, BUFFER_BYTES));
  }

  /**
   * Reads the next piece, valid until the next call; undefined at the end.
   *
   * @throws {BalancerError} `client_gone` if the client disconnected, or its content does not have
   * the announced length; or the stream's own `BalancerError`.
   */
  async next(): Promise<Uint8Array | undefined> {
    const piece = await this.#read();
    if (this.#left === undefined) return piece;
    if (piece === undefined) {
      if (this.#left > 0) throw clientGone("sent less content than it announced");
      return undefined;
    }
    this.#left -= piece.length;
    if (this.#left < 0) throw clientGone("sent more content than it announced");
    return piece;
  }

  /** Cancels the stream, as the rest will not be read. */
  async cancel(): Promise<void> {
    await (this.#byob ?? this.#reader)!.cancel();
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      if (this.#reader !== undefined) return (await this.#reader.read()).value;
      const { value, done } = await this.#byob!.read(new Uint8Array(this.#buffer));
      if (value !== undefined) this.#buffer = value.buffer;
      return done ? undefined : value;
    } catch (cause) {
      throw cause instanceof BalancerError ? cause : clientGone("broke off its request", cause);
    }
  }
}

function byobReader(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // It is not a byte stream.
    return undefined;
  }
}

function clientGone(what: string, cause?: unknown): BalancerError {
  return new BalancerError("client_gone", `The client ${what}`, { source: "downstream", cause });
}
