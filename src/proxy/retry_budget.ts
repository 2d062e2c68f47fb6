/** How long a tally is kept, in milliseconds; two of them are the window that is looked at. */
const TALLY_MS = 5000;
/** How many retries a window always has, ten a second: a quiet balancer retries as well. */
const ALWAYS = 100;

/**
 * Bounds how much load retries add: to a fleet that fails because it has too much to do, each failed
 * request would otherwise come back as two (the retry budget of Finagle and Envoy).
 *
 * One counts for each thread; what they allow together is the same share of all requests.
 */
export class RetryBudget {
  readonly #share: number;
  #since = 0;
  #requests = 0;
  #retries = 0;
  #earlierRequests = 0;
  #earlierRetries = 0;

  /** @param percent How many retries there may be for every hundred requests. */
  constructor(percent: number) {
    this.#share = percent / 100;
  }

  /**
   * Counts a request, which is not a retry.
   *
   * @param now The time, in milliseconds.
   */
  countRequest(now: number): void {
    this.#advance(now);
    this.#requests++;
  }

  /**
   * Counts a retry if there may be one.
   *
   * @param now The time, in milliseconds.
   * @returns Whether there may.
   */
  tryRetry(now: number): boolean {
    this.#advance(now);
    const requests = this.#requests + this.#earlierRequests;
    if (this.#retries + this.#earlierRetries >= ALWAYS + requests * this.#share) return false;
    this.#retries++;
    return true;
  }

  #advance(now: number): void {
    const age = now - this.#since;
    if (age < TALLY_MS) return;
    const adjacent = age < 2 * TALLY_MS;
    this.#earlierRequests = adjacent ? this.#requests : 0;
    this.#earlierRetries = adjacent ? this.#retries : 0;
    this.#requests = 0;
    this.#retries = 0;
    this.#since = now;
  }
}
