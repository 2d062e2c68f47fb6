import { errorText } from "../../model/error_text.ts";
import { printable } from "../../model/printable.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { pause, TimeLimit } from "../../runtime/time.ts";
import type { EventJson } from "../event_stream.ts";
import { type AdminClient, AdminClientError } from "./admin_client.ts";
import { type EventBlock, readEvents } from "./event_source.ts";

/** Time limit for the head of the response, in milliseconds. */
const HEAD_TIMEOUT_MS = 10_000;
/** The balancer sends something every 15 s. After three times that, it counts as gone. */
const SILENCE_MS = 45_000;
/** Pauses before connecting again, in milliseconds. The last one repeats. */
const WAITS_MS = [200, 500, 1000, 2000, 5000];

/** Options of {@linkcode followEvents}. */
export interface FollowOptions {
  /** The number of earlier events to begin with. */
  readonly last: number;
  /** Whether to continue with new events. */
  readonly follow: boolean;
  /** Takes an event; false ends the following. */
  readonly onEvent: (event: EventJson) => Promise<boolean>;
  /** Reports that the connection was lost or is back. */
  readonly onNotice: (text: string) => void;
  /** Ends the following. */
  readonly signal: AbortSignal;
}

/**
 * Follows the events of a balancer. If the connection breaks, it reconnects, resumes after the last
 * event, and reports that.
 *
 * @throws {AdminClientError} If the first connection fails.
 */
export async function followEvents(client: AdminClient, options: FollowOptions): Promise<void> {
  await new Follower(client, options).run();
}

class Follower {
  readonly #client: AdminClient;
  readonly #options: FollowOptions;
  #lastId: string | undefined;
  /** Failed attempts to connect since the last success. */
  #failures = 0;

  constructor(client: AdminClient, options: FollowOptions) {
    this.#client = client;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, follow, onNotice } = this.#options;
    while (!signal.aborted) {
      let why = "The balancer closed the stream";
      try {
        if (!await this.#read() || !follow) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof AdminClientError) || this.#lastId === undefined) throw error;
        why = error.message;
      }
      if (this.#failures === 0) onNotice(`${why}. Reconnecting …`);
      await pause(systemClock, WAITS_MS[Math.min(this.#failures, WAITS_MS.length - 1)]!, signal);
      this.#failures++;
    }
  }

  /** Reads one connection to its end. Returns false if no more events are wanted. */
  async #read(): Promise<boolean> {
    const limit = new TimeLimit(systemClock, this.#options.signal);
    limit.start(HEAD_TIMEOUT_MS);
    const touch = () => limit.start(SILENCE_MS);
    try {
      const body = await this.#open(limit.signal);
      touch();
      for await (const block of readEvents(body, touch)) {
        if (block.id === "") throw notBallast();
        this.#connected(block.id);
        if (block.data !== "" && !await this.#options.onEvent(readEvent(block))) return false;
      }
      return true;
    } catch (error) {
      if (error instanceof AdminClientError) throw error;
      if (error instanceof SyntaxError) throw notBallast();
      const why = limit.exceeded !== undefined
        ? `no data for ${SILENCE_MS / 1000} s`
        : printable(errorText(error));
      throw new AdminClientError("refused", `Lost the connection to the balancer: ${why}`);
    } finally {
      limit.end();
    }
  }

  async #open(signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const { last, follow } = this.#options;
    const id = this.#lastId;
    const headers = id === undefined ? {} : { headers: { "last-event-id": id } };
    const query = `last=${id === undefined ? last : 0}&follow=${follow}`;
    const response = await this.#client.open(`/events?${query}`, { ...headers, signal });
    const type = response.headers.get("content-type") ?? "";
    if (response.body !== null && /^text\/event-stream(;|$)/i.test(type)) return response.body;
    await response.body?.cancel();
    throw notBallast();
  }

  #connected(id: string): void {
    if (this.#failures > 0) this.#options.onNotice("Reconnected");
    this.#failures = 0;
    this.#lastId = id;
  }
}

/** @throws {SyntaxError} If it is not an event of Ballast. */
function readEvent({ data }: EventBlock): EventJson {
  const event = JSON.parse(data) as Partial<EventJson> | null;
  if (typeof event?.at === "string" && typeof event.type === "string") return event as EventJson;
  throw new SyntaxError("not an event");
}

function notBallast(): AdminClientError {
  return new AdminClientError(
    "refused",
    "Cannot read the events: the server at this address is not Ballast",
  );
}
