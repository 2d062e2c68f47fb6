import type { Clock } from "../../runtime/clock.ts";
import { type DeadlineQueue, type Deadlines, Timer } from "../../runtime/deadlines.ts";
import type { AccessLogFormat } from "../../model/settings.ts";
import { CommonLines } from "./common_format.ts";
import { JsonLines } from "./json_format.ts";
import type { LineFormat } from "./line_format.ts";
import type { RequestRecord } from "../../proxy/request_record.ts";
import type { RequestObserver } from "../../proxy/instrumentation.ts";

/** Length at which a batch of lines is written, in UTF-16 code units. */
const BATCH_LENGTH = 65_536;
/** How long a line waits for others, in milliseconds; the coarse timer makes that up to 200. */
const BATCH_MS = 100;

/** Options of an {@linkcode AccessLog}. */
export interface AccessLogParts {
  /** Format of the lines. */
  readonly format: AccessLogFormat;
  /** Writes whole lines; must not throw. */
  readonly write: (lines: string) => void;
  /** Timers, by which incomplete batches are written. */
  readonly deadlines: Deadlines;
  /** Wall clock. */
  readonly clock: Clock;
}

/** Writes a line for each request when it is over, in batches. */
export class AccessLog implements RequestObserver {
  readonly #format: LineFormat;
  readonly #write: (lines: string) => void;
  readonly #clock: Clock;
  readonly #waits: DeadlineQueue;
  readonly #timer = new Timer(() => this.flush());
  #lines = "";
  /** Wall clock minus clock; updated with each batch, as the wall clock may be adjusted. */
  #offset = 0;
  #closing = false;
  #release = () => {};

  /** @param parts The options. */
  constructor({ format, write, deadlines, clock }: AccessLogParts) {
    this.#format = format === "json" ? new JsonLines() : new CommonLines(format === "combined");
    this.#write = write;
    this.#clock = clock;
    this.#waits = deadlines.queue(BATCH_MS);
  }

  /** See {@linkcode RequestObserver}. */
  ended(record: RequestRecord): void {
    if (this.#lines === "") {
      this.#offset = this.#clock.date().getTime() - this.#clock.now();
      if (!this.#closing) this.#waitForMore();
    }
    this.#lines += this.#format.line(record, this.#offset + record.arrivedAt);
    if (this.#closing || this.#lines.length >= BATCH_LENGTH) this.flush();
  }

  /** Writes the current batch. */
  flush(): void {
    this.#timer.disarm();
    this.#release();
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    this.#write(lines);
  }

  /** Begins a batch; the process does not exit before it is written. */
  #waitForMore(): void {
    this.#waits.add(this.#timer);
    const release = this.#clock.hold();
    this.#release = () => {
      this.#release = () => {};
      release();
    };
  }

  /** Stops batching: each line is written at once from now on, as it may be the last. */
  close(): void {
    this.#closing = true;
    this.flush();
  }
}
