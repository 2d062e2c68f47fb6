import type { Clock } from "../runtime/clock.ts";
import type { EventLog } from "../state/event_log.ts";
import { EventStream, type StreamStart } from "./event_stream.ts";
import { Problem } from "./problem.ts";

/** Maximum number of open streams. */
export const STREAMS_MAX = 100;

/** Seconds after which a client may try again (RFC 9110 §10.2.3). */
const RETRY_AFTER = "5";

/** Open streams of events. */
export class EventStreams {
  readonly #clock: Clock;
  readonly #open = new Set<EventStream>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of open streams. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Opens another stream.
   *
   * @param log Source of the events.
   * @param start Start of the stream.
   * @returns The content of the response.
   * @throws {Problem} 503 if too many are open, or the balancer is shutting down.
   */
  open(log: EventLog, start: StreamStart): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#closed || log.closed) {
      throw new Problem(503, "Cannot open an event stream: the balancer is shutting down");
    }
    if (this.#open.size >= STREAMS_MAX) {
      const detail = `${STREAMS_MAX} event streams are open, which is the maximum; close one`;
      throw new Problem(503, detail, { headers: { "retry-after": RETRY_AFTER } });
    }
    const stream: EventStream = new EventStream(
      { log, clock: this.#clock, onEnd: () => this.#open.delete(stream) },
      start,
    );
    this.#open.add(stream);
    return stream.body;
  }

  /** Ends every stream, and opens no more. */
  close(): void {
    this.#closed = true;
    for (const stream of [...this.#open]) stream.end();
  }
}
