import { until } from "./until.ts";

/** How long a program may take to write something, in milliseconds: some begin by compiling. */
const LIMIT_MS = 120_000;

/** A program's output, read as it arrives. */
export class TextWatcher {
  readonly #done: Promise<void>;
  /** Whether there will be no more. */
  ended = false;
  /** The output so far. */
  text = "";

  /** @param stream The stream that it writes to. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#done = this.#read(stream);
  }

  /** Waits until a text is there so many times; false if it ends without. */
  async includes(wanted: string, times = 1): Promise<boolean> {
    await until(
      () => `"${wanted}": there is "${this.text}"`,
      () => this.#count(wanted) >= times || this.ended,
      LIMIT_MS,
    );
    return this.#count(wanted) >= times;
  }

  /** Waits for the end, and tells all that was written. */
  async end(): Promise<string> {
    await this.#done;
    return this.text;
  }

  #count(wanted: string): number {
    return this.text.split(wanted).length - 1;
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      this.text += text;
    }
    this.ended = true;
  }
}
