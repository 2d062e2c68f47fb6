/** Length of one tally, in milliseconds; the current and the previous one form the window. */
const TALLY_MS = 5000;
/** Retries allowed in any window, ten a second, so that an almost idle balancer retries, too. */
const ALWAYS = 100;

/**
 * Limits the load that retries add (the retry budget of Finagle and Envoy): without it, each
 * request that overloaded servers fail would come back to them as two.
 *
 * Each thread has its own budget; together they allow the same share of all requests.
 */
export class RetryBudget {
  readonly #share: number;
  #since = 0;
  #requests = 0;
  #retries = 0;
  #earlierRequests = 0;
  #earlierRetries = 0;

  /** @param percent Retries allowed for every hundred requests. */
  constructor(percent: number) {
    this.#share = percent / 100;
  }

  /**
   * Counts a request that is not a retry.
   *
   * @param now The time, in milliseconds.
   */
  countRequest(now: number): void {
    this.#advance(now);
    this.#requests++;
  }

  /**
   * Counts a retry if the budget allows it.
   *
   * @param now The time, in milliseconds.
   * @returns Whether the budget allows it.
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
