import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import type { Clock } from "../runtime/clock.ts";
import type { BalancerEvent, EventLog } from "../state/event_log.ts";
import type { Answer } from "./operation.ts";
import { SERVER, serverJson } from "./server_json.ts";

const logger = getLogger(["ballast", "admin"]);

/** Period of comments, which keep the connection from being taken for dead. */
const COMMENT_PERIOD_MS = 15_000;
/** Pause after which a client reconnects, in milliseconds. */
const RETRY_MS = 1000;
/** Maximum number of events that wait for a client to read: twice as many as the log keeps. */
const WAITING_MAX = 2000;
/** Number of events that are written at once. */
const BATCH = 100;

/** Data of an event in a stream. */
export const EVENT = z.object({
  at: z.iso.datetime(),
  type: z.enum([
    ...["added", "updated", "removed", "healthy", "unhealthy", "ejected", "on_trial"] as const,
    ...["returned", "reset"] as const,
  ])
    .describe("`reset` if events were missed, so that /servers has to be read again"),
  server: SERVER.nullable()
    .describe("The server after the event; for `removed`, as it was; null for `reset`"),
  previous: SERVER.nullable().describe("The server before an update; null for other events"),
  detail: z.string().nullable().describe("The reason, for people"),
});

/** Data of an event in a stream. */
export type EventJson = Answer<typeof EVENT>;

/** Start of a stream of events, and whether it ends. */
export interface StreamStart {
  /** Earlier events, which are sent first. */
  readonly earlier: readonly BalancerEvent[];
  /** Whether events are missing that the client has asked for. */
  readonly missed: boolean;
  /** Whether the stream goes on with new events. */
  readonly follow: boolean;
}

export interface StreamParts {
  /** Source of the events. */
  readonly log: EventLog;
  /** The time and the timers. */
  readonly clock: Clock;
  /** Called once, when either side has ended the stream. */
  readonly onEnd: () => void;
}

/**
 * Sends the events of a balancer to one client: server-sent events (WHATWG HTML §9.2). They wait
 * here until the client reads. A client that does not is cut off; it can continue from the number of
 * the last event it received.
 */
export class EventStream {
  readonly #parts: StreamParts;
  readonly #follow: boolean;
  readonly #waiting: BalancerEvent[];
  readonly #encoder = new TextEncoder();
  readonly #unsubscribe: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  #cancelTimer = (): void => {};
  /** Text that precedes the next event. */
  #text: string;
  /** Whether the client is ready for more. */
  #wanted = false;
  #ended = false;
  /** The stream as the content of a response. */
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;

  /** Starts to collect events. */
  constructor(parts: StreamParts, { earlier, missed, follow }: StreamStart) {
    const { log } = this.#parts = parts;
    this.#follow = follow;
    this.#waiting = [...earlier];
    // An id without data is not an event, but clients store it: they can resume before the first.
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

  /** Ends the stream after the events that are waiting. A second call has no effect. */
  end(): void {
    if (this.#ended) return;
    const text = this.#text + this.#format(this.#waiting);
    if (text !== "") this.#controller?.enqueue(this.#encoder.encode(text));
    this.#close();
  }

  #add(event: BalancerEvent): void {
    if (this.#waiting.length === WAITING_MAX) {
      logger.info("Closed an event stream: its client has {count} unread events", {
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
      // Comments must not pile up while the client does not read.
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

function eventJson({ at, type, server, previous, detail }: BalancerEvent): EventJson {
  return {
    at: at.toISOString(),
    type,
    server: serverJson(server),
    previous: previous === undefined ? null : serverJson(previous),
    detail: detail ?? null,
  };
}

function id({ run }: EventLog, number: number): string {
  return `${run}-${number}`;
}

/** JSON has no line breaks outside of its escapes, so the data is one line. */
function block(id: string, event: EventJson): string {
  return `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
