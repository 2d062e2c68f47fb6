import { Waker } from "./waker.js";
import { SseParser } from "./sse_parser.js";

/** How many events from before the page was opened are asked for. */
const EARLIER = 100;
/** Milliseconds before the first attempt to connect again, and at most. */
const BACKOFF = 500;
const BACKOFF_MAX = 10_000;
/** The balancer writes at least every 15 s; what is silent for this long is gone. */
const SILENCE_MAX = 40_000;

/** Follows `/events`, and takes up again where it was after the connection was lost. */
export class EventStream {
  #api;
  #listener;
  #waker = new Waker();
  #lastEventId = "";

  /**
   * @param api The API.
   * @param {{ event(event: { id: string, type: string, data: object }): void,
   * state(isOpen: boolean): void }} listener Who is told.
   */
  constructor(api, listener) {
    this.#api = api;
    this.#listener = listener;
  }

  /** Connects again at once if it is waiting to. */
  poke() {
    this.#waker.call();
  }

  /** Follows the events until the page is left. */
  async run() {
    let failures = 0;
    while (true) {
      let isRefused = false;
      try {
        await this.#follow(() => failures = 0);
      } catch (error) {
        isRefused = error.status === 401 || error.status === 403;
      }
      this.#listener.state(false);
      // Spread, so that not every dashboard comes back in the same instant.
      const wait = Math.min(BACKOFF_MAX, BACKOFF * 2 ** failures++) * (0.5 + Math.random() / 2);
      await this.#waker.wait(isRefused ? Infinity : wait);
    }
  }

  async #follow(opened) {
    const abort = new AbortController();
    const headers = { accept: "text/event-stream" };
    if (this.#lastEventId !== "") headers["last-event-id"] = this.#lastEventId;
    const body = await this.#api.open(`events?last=${EARLIER}`, headers, abort.signal);
    opened();
    this.#listener.state(true);
    let silence = setTimeout(() => abort.abort(), SILENCE_MAX);
    try {
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      const parser = new SseParser();
      while (true) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(silence);
        silence = setTimeout(() => abort.abort(), SILENCE_MAX);
        for (const event of parser.push(value)) this.#take(event);
      }
    } finally {
      clearTimeout(silence);
    }
  }

  #take({ id, type, data }) {
    if (id !== "") this.#lastEventId = id;
    this.#listener.event({ id, type, data: parse(data) });
  }
}

function parse(data) {
  try {
    return JSON.parse(data);
  } catch {
    return {};
  }
}
