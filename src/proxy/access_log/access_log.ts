import type { Clock } from "../../runtime/clock.ts";
import { type DeadlineQueue, type Deadlines, Timer } from "../../runtime/deadlines.ts";
import type { AccessLogFormat } from "../../model/settings.ts";
import { CommonLines } from "./access_log_common.ts";
import { JsonLines } from "./access_log_json.ts";
import type { LineFormat } from "./access_log_line.ts";
import type { RequestRecord } from "../request_record.ts";
import type { RequestObserver } from "../instrumentation.ts";

/** How much is collected before it is written, in UTF-16 code units. */
const BATCH_LENGTH = 65_536;
/** How long a line waits for others, in milliseconds; the coarse timer makes that up to 200. */
const BATCH_MS = 100;

/** What an {@linkcode AccessLog} works with. */
export interface AccessLogParts {
  /** How the lines look. */
  readonly format: AccessLogFormat;
  /** Takes whole lines; must not throw. */
  readonly write: (lines: string) => void;
  /** The timer by which few lines are written soon. */
  readonly deadlines: Deadlines;
  /** The time of day. */
  readonly clock: Clock;
}

/** Writes a line for each request when it is over; many lines at a time. */
export class AccessLog implements RequestObserver {
  readonly #format: LineFormat;
  readonly #write: (lines: string) => void;
  readonly #clock: Clock;
  readonly #waits: DeadlineQueue;
  readonly #timer = new Timer(() => this.flush());
  #lines = "";
  /** How far the time of day is ahead of the clock. Asked for with each batch: it is corrected. */
  #offset = 0;
  #closing = false;
  #release = () => {};

  /** @param parts What to write, and where. */
  constructor({ format, write, deadlines, clock }: AccessLogParts) {
    this.#format = format === "json" ? new JsonLines() : new CommonLines(format === "combined");
    this.#write = write;
    this.#clock = clock;
    this.#waits = deadlines.queue(BATCH_MS);
  }

  /** A request is over. */
  ended(record: RequestRecord): void {
    if (this.#lines === "") {
      this.#offset = this.#clock.date().getTime() - this.#clock.now();
      if (!this.#closing) this.#waitForMore();
    }
    this.#lines += this.#format.line(record, this.#offset + record.arrivedAt);
    if (this.#closing || this.#lines.length >= BATCH_LENGTH) this.flush();
  }

  /** Writes what was collected. */
  flush(): void {
    this.#timer.disarm();
    this.#release();
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    this.#write(lines);
  }

  /** Collects lines for a while; the process does not end before they are written. */
  #waitForMore(): void {
    this.#waits.add(this.#timer);
    const release = this.#clock.hold();
    this.#release = () => {
      this.#release = () => {};
      release();
    };
  }

  /** Collects no more: each line is written at once, as nobody knows which is the last one. */
  close(): void {
    this.#closing = true;
    this.flush();
  }
}
