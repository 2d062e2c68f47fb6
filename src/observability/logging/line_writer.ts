import { errorText } from "../../model/error_text.ts";

/** How much may wait for a reader that is slow, in UTF-16 code units. */
const WAITING_MAX = 8_388_608;

/** What became of lines that could not be written. */
export interface LostLines {
  /** How many lines were lost since the writer began. */
  readonly lost: number;
  /** Why the latest of them were; undefined where lines can be written again. */
  readonly why: string | undefined;
}

/** What a {@linkcode LineWriter} works with. */
export interface LineWriterOptions {
  /** Writes some of the bytes, and says how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /**
   * Told when lines are lost for the first time, whenever ten times as many are, and when lines can
   * be written again. Default: nobody is.
   */
  readonly onLoss?: (loss: LostLines) => void;
  /** How much may wait, in UTF-16 code units. Default: 8 Mi. */
  readonly waitingMax?: number;
}

/**
 * Writes lines to where the operating system sends them, in the order in which they came. Nobody
 * waits for a reader that is slow or gone: what it does not take in time is lost, whole calls of
 * {@linkcode LineWriter.write} at a time, and counted.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #waitingMax: number;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  /** The length of what waits and of what is being written. */
  #length = 0;
  #writing: Promise<void> | undefined;
  /** Whether what was written last ends in the middle of a line. */
  #torn = false;
  #lost = 0;
  /** From how many lost lines on the loss is told next. */
  #tellFrom = 1;

  /** @param options Where to write, and how much may wait. */
  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
  }

  /**
   * Writes lines as soon as that is possible.
   *
   * @param lines Whole lines, the last one with its line feed as well.
   */
  write(lines: string): void {
    if (this.#length + lines.length > this.#waitingMax) {
      return this.#lose(countLines(lines), "their reader is too slow");
    }
    this.#waiting.push(lines);
    this.#length += lines.length;
    this.#writing ??= this.#writeAll();
  }

  /**
   * Waits until all that was given so far is written or lost.
   *
   * @param limit Ends the wait.
   */
  async drain(limit: AbortSignal): Promise<void> {
    if (this.#writing === undefined || limit.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    limit.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([this.#writing, promise]);
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.join("");
      this.#waiting = [];
      await this.#writeLines(this.#encoder.encode(lines));
      this.#length -= lines.length;
    }
    this.#writing = undefined;
  }

  async #writeLines(lines: Uint8Array): Promise<void> {
    let at = 0;
    try {
      if (this.#torn) await this.#options.write(this.#encoder.encode("\n"));
      this.#torn = false;
      while (at < lines.length) at += await this.#options.write(lines.subarray(at));
    } catch (error) {
      this.#torn ||= at > 0 && lines[at - 1] !== LINE_FEED;
      const rest = lines.subarray(at);
      return this.#lose(
        rest.reduce((count, byte) => byte === LINE_FEED ? count + 1 : count, 0),
        errorText(error),
      );
    }
    if (this.#tellFrom === 1) return;
    this.#tellFrom = 1;
    this.#options.onLoss?.({ lost: this.#lost, why: undefined });
  }

  #lose(lines: number, why: string): void {
    this.#lost += lines;
    const first = this.#tellFrom === 1;
    if (!first && this.#lost < this.#tellFrom) return;
    this.#tellFrom = Math.max(this.#lost, 1) * 10;
    this.#options.onLoss?.({ lost: this.#lost, why });
  }
}

const LINE_FEED = 0x0a;

function countLines(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n", at + 1)) count++;
  return count;
}
