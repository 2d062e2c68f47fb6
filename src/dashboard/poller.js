import { Unreachable } from "./api.js";
import { Waker } from "./waker.js";

/** Milliseconds between two questions. */
const PERIOD = 2000;
/** The longest wait after failures. */
const PERIOD_MAX = 10_000;
/** Events come in swarms; this long after one the next question may be asked. */
const SETTLE = 150;

/** Asks for `/stats` again and again. */
export class Poller {
  #api;
  #listener;
  #waker = new Waker();

  /**
   * @param api The API.
   * @param {{ stats(stats: object): void, offline(): void, refused(problem: Error): void }} listener
   * The listener; `refused` stops the polling until {@linkcode Poller.poke} is called.
   */
  constructor(api, listener) {
    this.#api = api;
    this.#listener = listener;
  }

  /** Asks as soon as that makes sense. */
  poke() {
    this.#waker.call();
  }

  /** Asks until the page is left. */
  async run() {
    let failures = 0;
    while (true) {
      let wait = PERIOD;
      try {
        const { value } = await this.#api.get("stats");
        failures = 0;
        this.#listener.stats(value);
      } catch (error) {
        failures++;
        if (error instanceof Unreachable) this.#listener.offline();
        else this.#listener.refused(error);
        const isRefused = error.status === 401 || error.status === 403;
        wait = isRefused ? Infinity : Math.min(PERIOD_MAX, 1000 * 1.6 ** failures);
      }
      await this.#waker.wait(wait);
      await new Promise((resolve) => setTimeout(resolve, SETTLE));
    }
  }
}
