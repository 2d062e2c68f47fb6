import type { EventJson } from "../../admin/event_stream.ts";
import { errorText } from "../../model/error_text.ts";
import { systemClock } from "../../runtime/system_clock.ts";
import { pause } from "../../runtime/wait.ts";
import { CommandError } from "../errors.ts";
import { printable, printError } from "../output/print.ts";
import type { AdminClient } from "./client.ts";
import { type EventBlock, readEvents } from "./event_source.ts";

/** How long the head of the response may take, in milliseconds. */
const HEAD_TIMEOUT_MS = 10_000;
/** The balancer says something every 15 s; after three times that, it is gone. */
const SILENCE_MS = 45_000;
/** How long to wait before connecting again: more each time, up to the last, in milliseconds. */
const WAITS_MS = [200, 500, 1000, 2000, 5000];

/** What is to be followed. */
export interface FollowOptions {
  /** How many earlier events are wanted first. */
  readonly last: number;
  /** Whether to go on with the events to come. */
  readonly follow: boolean;
  /** Takes each event; false ends it all. */
  readonly onEvent: (event: EventJson) => Promise<boolean>;
  /** Ends it all. */
  readonly signal: AbortSignal;
}

/**
 * Follows the events of a balancer. Where the connection breaks, it connects again and goes on where
 * it was; the standard error output says so.
 *
 * @param client The balancer's API.
 * @param options What is wanted.
 * @throws {CommandError} If the first connection cannot be had.
 */
export async function followEvents(client: AdminClient, options: FollowOptions): Promise<void> {
  await new Follower(client, options).run();
}

class Follower {
  readonly #client: AdminClient;
  readonly #options: FollowOptions;
  #lastId: string | undefined;
  /** How often it could not connect since it last could. */
  #failures = 0;

  constructor(client: AdminClient, options: FollowOptions) {
    this.#client = client;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { signal, follow } = this.#options;
    while (!signal.aborted) {
      let why = "the balancer ended the stream";
      try {
        if (!await this.#read() || !follow) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof CommandError) || this.#lastId === undefined) throw error;
        why = error.message;
      }
      if (this.#failures === 0) printError(`ballast: ${why}. Connecting again …`);
      await pause(systemClock, WAITS_MS[Math.min(this.#failures, WAITS_MS.length - 1)]!, signal);
      this.#failures++;
    }
  }

  /** Reads one connection to its end; false if nothing more is wanted. */
  async #read(): Promise<boolean> {
    const silence = new AbortController();
    const end = () => silence.abort(new DOMException("silence", "TimeoutError"));
    let timer = setTimeout(end, HEAD_TIMEOUT_MS);
    const touch = () => {
      clearTimeout(timer);
      timer = setTimeout(end, SILENCE_MS);
    };
    try {
      const body = await this.#open(AbortSignal.any([silence.signal, this.#options.signal]));
      touch();
      for await (const block of readEvents(body, touch)) {
        if (block.id === "") throw notBallast();
        this.#connected(block.id);
        if (block.data !== "" && !await this.#options.onEvent(readEvent(block))) return false;
      }
      return true;
    } catch (error) {
      if (error instanceof CommandError) throw error;
      if (error instanceof SyntaxError) throw notBallast();
      const why = silence.signal.aborted
        ? `nothing came for ${SILENCE_MS / 1000} s`
        : printable(errorText(error));
      throw new CommandError(`The connection to the balancer broke: ${why}`);
    } finally {
      clearTimeout(timer);
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
    if (this.#failures > 0) printError("ballast: Connected again");
    this.#failures = 0;
    this.#lastId = id;
  }
}

/** @throws {SyntaxError} If it is not what Ballast sends. */
function readEvent({ data }: EventBlock): EventJson {
  const event = JSON.parse(data) as Partial<EventJson> | null;
  if (typeof event?.at === "string" && typeof event.type === "string") return event as EventJson;
  throw new SyntaxError("not an event");
}

function notBallast(): CommandError {
  return new CommandError("Cannot read the events: what answers there is not Ballast");
}
