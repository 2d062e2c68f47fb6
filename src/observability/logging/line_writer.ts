import { errorText } from "../../model/error_text.ts";

/** The largest backlog for a slow reader, in UTF-16 code units. */
const WAITING_MAX = 8_388_608;

/** Report on lost lines. */
export interface LostLines {
  /** Number of lines lost so far. */
  readonly lost: number;
  /** Why the latest were lost; undefined when lines can be written again. */
  readonly why: string | undefined;
}

/** Options of a {@linkcode LineWriter}. */
export interface LineWriterOptions {
  /** Writes some of the bytes, and returns how many. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /**
   * Called when lines are lost for the first time, whenever ten times as many are lost, and when
   * lines can be written again. Default: no callback.
   */
  readonly onLoss?: (loss: LostLines) => void;
  /** The largest backlog, in UTF-16 code units. Default: 8 Mi. */
  readonly waitingMax?: number;
}

/**
 * Writes lines in order, without ever blocking on a slow or absent reader: what it does not take in
 * time is lost, whole calls of {@linkcode LineWriter.write} at a time, and counted.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #waitingMax: number;
  readonly #encoder = new TextEncoder();
  #waiting: string[] = [];
  /** Length of the backlog, including what is being written. */
  #length = 0;
  #writing: Promise<void> | undefined;
  /** Whether the last write ended in the middle of a line. */
  #torn = false;
  #lost = 0;
  /** Number of lost lines at which the next report is due. */
  #reportFrom = 1;

  /** @param options The options. */
  constructor(options: LineWriterOptions) {
    this.#options = options;
    this.#waitingMax = options.waitingMax ?? WAITING_MAX;
  }

  /**
   * Writes lines as soon as possible.
   *
   * @param lines Whole lines, each with its line feed.
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
   * Waits until all lines so far are written or lost.
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
    if (this.#reportFrom === 1) return;
    this.#reportFrom = 1;
    this.#options.onLoss?.({ lost: this.#lost, why: undefined });
  }

  #lose(lines: number, why: string): void {
    this.#lost += lines;
    const first = this.#reportFrom === 1;
    if (!first && this.#lost < this.#reportFrom) return;
    this.#reportFrom = Math.max(this.#lost, 1) * 10;
    this.#options.onLoss?.({ lost: this.#lost, why });
  }
}

const LINE_FEED = 0x0a;

function countLines(lines: string): number {
  let count = 0;
  for (let at = lines.indexOf("\n"); at >= 0; at = lines.indexOf("\n", at + 1)) count++;
  return count;
}
