import { BalancerError } from "../model/errors.ts";

/** How much is read at a time of content whose length is known, in bytes. */
const BUFFER_BYTES = 65_536;
/**
 * How much is read at a time of content in chunks, in bytes. `Deno.serve` (2.9) takes as much from
 * the socket as is asked for, but hands out one of the client's chunks at most; what is left over
 * piles up in its memory while the client is faster than the server. Asking for less keeps that
 * small for the chunk sizes that clients use.
 */
const CHUNKED_BUFFER_BYTES = 16_384;

/**
 * Reads a request's content piece by piece. Where the stream can fill a buffer that it is given, as
 * those of `Deno.serve` can, one buffer serves the whole upload; else each piece is a new one.
 */
export class RequestContent {
  readonly #byob: ReadableStreamBYOBReader | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #buffer: ArrayBuffer;
  /** How much is still to come, in bytes, if that is known. */
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
   * The next piece, valid until the next call; undefined at the end.
   *
   * @throws {BalancerError} `client_gone` if the client broke off, or its content does not have the
   * length that it announced; what the stream failed with where that is a `BalancerError`.
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

  /** Tells the stream that nobody will read the rest. */
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
