import type { Clock } from "../core/clock.ts";
import type { PlatformServer } from "../steady_listener.ts";

/** How long no request may have come before the connections are closed, in milliseconds. */
const QUIET_MS = 100;
/** For how long that is waited for at most, in milliseconds. */
const LONGEST_MS = 1000;

/** A platform's server that can tell its clients of its end. */
export interface DrainableServer extends PlatformServer {
  /** From now on responses say that their connection is about to be closed. */
  drain(): void;
}

/**
 * The end of a listener, as its clients are told of it. The platform's shutdown closes idle
 * connections without a word, so that the request that is on its way is lost. Therefore responses
 * first say `Connection: close` for a while: clients send no more on those connections.
 *
 * It is part of what requests are handled with, and counts them.
 */
export class ListenerDrain {
  readonly #clock: Clock;
  #begun = false;
  /** How many requests have come. */
  requests = 0;

  /** @param clock The timer. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the listener is about to close its connections, which responses say then. */
  get draining(): boolean {
    return this.#begun;
  }

  /** From now on responses say that their connection is about to be closed. */
  begin(): void {
    this.#begun = true;
  }

  /**
   * Begins, and waits until requests have stopped coming for 0.1 s, for 1 s at most. Does not wait
   * where it has begun before.
   *
   * @param finished Ends the wait.
   */
  async quiet(finished: Promise<void>): Promise<void> {
    if (this.#begun) return;
    this.begin();
    let isOver = false;
    for (let waited = 0, before = -1; waited < LONGEST_MS; waited += QUIET_MS) {
      if (isOver || this.requests === before) return;
      before = this.requests;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#clock.after(QUIET_MS, resolve);
      await Promise.race([promise, finished.then(() => void (isOver = true))]);
      cancel();
    }
  }
}
