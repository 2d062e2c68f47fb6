import type { Clock } from "../runtime/clock.ts";
import type { EventLog } from "../state/event_log.ts";
import { EventStream, type StreamStart } from "./event_stream.ts";
import { Problem } from "./problem.ts";

/** How many clients can follow the events at once. */
export const STREAMS_MAX = 100;

/** After how many seconds it is worth to try again (RFC 9110 §10.2.3). */
const RETRY_AFTER = "5";

/** The streams of events that are open. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #open = new Set<EventStream>();
  #closed = false;

  /** @param clock The time and the timers. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many there are. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Opens one more.
   *
   * @param log Where the events come from.
   * @param start Where to begin.
   * @returns The content of the response.
   * @throws {Problem} 503 if there are too many, or there will be no more events.
   */
  open(log: EventLog, start: StreamStart): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#closed || log.closed) {
      throw new Problem(503, "There are no more events: the balancer is shutting down");
    }
    if (this.#open.size >= STREAMS_MAX) {
      const detail = `${STREAMS_MAX} streams of events are open, and no more can be; close one`;
      throw new Problem(503, detail, { headers: { "retry-after": RETRY_AFTER } });
    }
    const stream: EventStream = new EventStream(
      { log, clock: this.#clock, onEnd: () => this.#open.delete(stream) },
      start,
    );
    this.#open.add(stream);
    return stream.body;
  }

  /** Ends every stream, and opens none any more. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#open]) stream.end();
  }
}
