import type { BalancerError } from "../model/errors.ts";

/** Work that can be called off. */
export interface Cancellable {
  /** Ends the work with this error. */
  cancel(reason: BalancerError): void;
}

/**
 * A way to call off one piece of work. It does what an `AbortSignal` does, for one listener at a
 * time, at the price of a plain object: every request has one, and an `AbortController` with a
 * listener costs as much as the rest of the bookkeeping of a request.
 */
export class Cancellation {
  #reason: BalancerError | undefined;
  #work: Cancellable | undefined;

  /** Why the work was called off, if it was. */
  get reason(): BalancerError | undefined {
    return this.#reason;
  }

  /** Says what is to be called off, in place of what was said before. */
  attach(work: Cancellable | undefined): void {
    this.#work = work;
  }

  /** Calls the work off. Only the first call counts. */
  cancel(reason: BalancerError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#work?.cancel(reason);
  }
}
