import type { Clock } from "../../runtime/clock.ts";
import type { PlatformServer } from "./serve_with_restart.ts";

/** How long no request may have come before the connections are closed, in milliseconds. */
const QUIET_MS = 100;
/** For how long that is waited for at most, in milliseconds. */
const LONGEST_MS = 1000;
/** For how long content is waited for at least that began to come only then, in milliseconds. */
const LATE_MS = 5000;

/** A platform's server that can tell its clients of its end. */
export interface DrainableServer extends PlatformServer {
  /** From now on responses say that their connection is about to be closed. */
  drain(): void;
  /**
   * Accepts no more, and resolves when what is under way is over.
   *
   * @param limit For how long clients may go on to send content that they have begun to send, in
   * milliseconds; then they are broken off. Default: without a limit.
   */
  shutdown(limit?: number): Promise<void>;
}

/**
 * The end of a listener, as its clients are told of it. The platform's shutdown closes idle
 * connections without a word, so that the request that is on its way is lost. Therefore responses
 * first say `Connection: close` for a while: clients send no more on those connections. And it breaks
 * off the content that clients are sending (Deno 2.9, denoland/deno#36809), so that is waited for.
 *
 * It is part of what requests are handled with, and counts them.
 */
export class ListenerDrain {
  readonly #clock: Clock;
  #begun = false;
  /** How many requests have come. */
  requests = 0;
  /** How many requests are being received that came before {@linkcode ListenerDrain.quiet}. */
  #early = 0;
  /** How many that came after it. */
  #late = 0;
  #closing = false;
  // One of each for all requests.
  readonly #earlyOver = () => void this.#early--;
  readonly #lateOver = () => void this.#late--;

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
   * A request's content is being received.
   *
   * @param over Settles when it is there, or is not needed any more.
   */
  trackUpload(over: Promise<unknown>): void {
    // The listener still accepts requests then, which must not put off its end for ever.
    if (this.#closing) {
      this.#late++;
      over.then(this.#lateOver, this.#lateOver);
    } else {
      this.#early++;
      over.then(this.#earlyOver, this.#earlyOver);
    }
  }

  /**
   * Begins, and waits until requests have stopped coming for 0.1 s, for 1 s at most, which is left
   * out where it has begun before; and until the content that clients have begun to send is there. For
   * what they began to send only then, 5 s have to do.
   *
   * @param noMore Ends the wait.
   * @param limit For how long that content is waited for, in milliseconds. Default: without a limit.
   */
  async quiet(noMore: Promise<void>, limit = Infinity): Promise<void> {
    let longest = this.#begun ? 0 : LONGEST_MS;
    this.begin();
    this.#closing = true;
    let isOver = false;
    noMore.then(() => isOver = true);
    for (let waited = 0, before = -1; !isOver; waited += QUIET_MS) {
      if (this.requests === before) longest = 0;
      before = this.requests;
      const received = this.#early === 0 && (this.#late === 0 || waited >= LATE_MS);
      if (waited >= longest && (received || waited >= limit)) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const cancel = this.#clock.after(QUIET_MS, resolve);
      await Promise.race([promise, noMore]);
      cancel();
    }
  }
}
