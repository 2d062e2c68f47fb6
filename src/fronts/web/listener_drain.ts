import type { Clock } from "../../runtime/clock.ts";
import type { PlatformServer } from "./serve_with_restart.ts";

/** How long no request must have arrived before the connections are closed, in milliseconds. */
const QUIET_MS = 100;
/** The longest wait for that, in milliseconds. */
const LONGEST_MS = 1000;
/** The shortest wait for uploads that begin during the drain, in milliseconds. */
const LATE_MS = 5000;

/** A platform's server that can announce its shutdown to its clients. */
export interface DrainableServer extends PlatformServer {
  /** From now on, responses carry `Connection: close`. */
  drain(): void;
  /**
   * Accepts no more connections, and resolves when the open requests are over.
   *
   * @param limit How long uploads that have begun may continue, in milliseconds; then they are
   * aborted. Default: no limit.
   */
  shutdown(limit?: number): Promise<void>;
}

/**
 * Drains a listener before its shutdown. The platform's shutdown closes idle connections at once, so
 * that a request on its way there is lost. Therefore responses first carry `Connection: close` for a
 * while: clients then send no more on those connections. The platform also aborts uploads (Deno 2.9,
 * denoland/deno#36809), so those are waited for.
 *
 * Requests carry it in their listener information; it counts them.
 */
export class ListenerDrain {
  readonly #clock: Clock;
  #begun = false;
  /** Requests that have arrived. */
  requests = 0;
  /** Uploads in progress that began before {@linkcode ListenerDrain.quiet}. */
  #early = 0;
  /** Uploads in progress that began after it. */
  #late = 0;
  #closing = false;
  // Shared by all requests, which spares each a closure.
  readonly #earlyOver = () => void this.#early--;
  readonly #lateOver = () => void this.#late--;

  /** @param clock The timer. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether responses carry `Connection: close`. */
  get draining(): boolean {
    return this.#begun;
  }

  /** From now on, responses carry `Connection: close`. */
  begin(): void {
    this.#begun = true;
  }

  /**
   * Counts an upload.
   *
   * @param over Settles when the content has arrived, or is not needed any more.
   */
  trackUpload(over: Promise<unknown>): void {
    // The listener still accepts requests then; these must not delay its end for ever.
    if (this.#closing) {
      this.#late++;
      over.then(this.#lateOver, this.#lateOver);
    } else {
      this.#early++;
      over.then(this.#earlyOver, this.#earlyOver);
    }
  }

  /**
   * Begins the drain, and waits until no request has arrived for 0.1 s, at most 1 s, which is skipped
   * if the drain had begun before; and until uploads are over. Uploads that begin during the drain get
   * 5 s.
   *
   * @param noMore Ends the wait.
   * @param limit The longest wait for uploads, in milliseconds. Default: no limit.
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
