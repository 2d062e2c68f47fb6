import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { BalancerEvent, EventLog } from "../state/event_log.ts";
import { type EventJson, eventJson } from "./event_json.ts";

const logger = getLogger(["ballast", "admin"]);

/** How often there is at least a comment, so that nobody takes the connection for dead. */
const COMMENT_PERIOD_MS = 15_000;
/** How long a client is to wait before it connects again, in milliseconds. */
const RETRY_MS = 1000;
/** How many events may wait for a client that does not read: twice as many as are kept. */
const WAITING_MAX = 2000;
/** How many events are written at once. */
const BATCH = 100;

/** Where a stream of events begins, and whether it ends. */
export interface StreamStart {
  /** Events that came before and are told first. */
  readonly earlier: readonly BalancerEvent[];
  /** Whether events that the client wanted are no longer kept. */
  readonly missed: boolean;
  /** Whether it goes on with the events to come. */
  readonly follow: boolean;
}

/** What a stream of events works with. */
export interface StreamParts {
  /** Where the events come from. */
  readonly log: EventLog;
  /** The time and the timers. */
  readonly clock: Clock;
  /** Called once, when the stream is over, by either side. */
  readonly onEnd: () => void;
}

/**
 * The events of a balancer as one client gets them: server-sent events (WHATWG HTML §9.2). They wait
 * here until the client reads. One that does not is cut off; it can go on where it was by the number
 * that it had last.
 */
export class EventStream {
  readonly #parts: StreamParts;
  readonly #follow: boolean;
  readonly #waiting: BalancerEvent[];
  readonly #encoder = new TextEncoder();
  readonly #unsubscribe: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #cancelTimer = (): void => {};
  /** What is to be written before the next event. */
  #text: string;
  /** Whether the client has room for more. */
  #wanted = false;
  #ended = false;
  /** The stream as the content of a response. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;

  /**
   * Begins to listen for events.
   *
   * @param parts What to work with.
   * @param start Where to begin.
   */
  constructor(parts: StreamParts, { earlier, missed, follow }: StreamStart) {
    const { log } = this.#parts = parts;
    this.#follow = follow;
    this.#waiting = [...earlier];
    // An id without data is no event, but the client remembers it: it can resume before the first.
    const first = id(log, log.latest - earlier.length);
    this.#text = `retry: ${RETRY_MS}\nid: ${first}\n\n${missed ? this.#reset() : ""}`;
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => {
        this.#wanted = true;
        this.#write();
      },
      cancel: () => this.#clean(),
    }, { highWaterMark: 0 });
    this.#unsubscribe = log.subscribe((event) => this.#add(event), () => this.end());
    this.#startTimer();
  }

  /** Ends the stream with what the client has yet to read. Harmless a second time. */
  end(): void {
    if (this.#ended) return;
    const text = this.#text + this.#format(this.#waiting);
    if (text !== "") this.#controller?.enqueue(this.#encoder.encode(text));
    this.#close();
  }

  #add(event: BalancerEvent): void {
    if (this.#waiting.length === WAITING_MAX) {
      logger.info("A stream of events is cut off, as {count} of them wait and nobody reads them", {
        count: WAITING_MAX,
      });
      return this.#close();
    }
    this.#waiting.push(event);
    this.#write();
  }

  #write(): void {
    if (!this.#wanted) return;
    const text = this.#text + this.#format(this.#waiting.splice(0, BATCH));
    this.#text = "";
    if (text !== "") {
      this.#wanted = false;
      this.#controller?.enqueue(this.#encoder.encode(text));
    }
    if (!this.#follow && this.#waiting.length === 0) this.#close();
  }

  #startTimer(): void {
    this.#cancelTimer = this.#parts.clock.after(COMMENT_PERIOD_MS, () => {
      // Those that nobody reads must not pile up.
      this.#text ||= ":\n\n";
      this.#write();
      this.#startTimer();
    });
  }

  #close(): void {
    this.#clean();
    this.#controller?.close();
  }

  #clean(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#waiting.length = 0;
    this.#unsubscribe();
    this.#cancelTimer();
    this.#parts.onEnd();
  }

  #format(events: readonly BalancerEvent[]): string {
    return events.map((event) => block(id(this.#parts.log, event.number), eventJson(event)))
      .join("");
  }

  #reset(): string {
    const { log, clock } = this.#parts;
    return block(id(log, log.latest), {
      at: clock.date().toISOString(),
      type: "reset",
      server: null,
      previous: null,
      detail: "some events were missed: read /servers again",
    });
  }
}

function id({ run }: EventLog, number: number): string {
  return `${run}-${number}`;
}

/** JSON has no line breaks outside of its escapes, so the data is one line. */
function block(id: string, event: EventJson): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
