import type { BalancerError } from "../model/errors.ts";

/** Work that can be canceled. */
export interface Cancellable {
  /** Ends the work with an error. */
  cancel(reason: BalancerError): void;
}

/**
 * Cancels one piece of work. It is an `AbortSignal` for a single listener at the cost of a plain object:
 * every request has one, and an `AbortController` with a listener costs as much as all other
 * bookkeeping of a request.
 */
export class Cancellation {
  #reason: BalancerError | undefined;
  #work: Cancellable | undefined;

  /** Why the work was canceled; undefined if it was not. */
  get reason(): BalancerError | undefined {
    return this.#reason;
  }

  /** Sets the work to cancel, in place of any other. */
  attach(work: Cancellable | undefined): void {
    this.#work = work;
  }

  /** Cancels the work. Only the first call counts. */
  cancel(reason: BalancerError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#work?.cancel(reason);
  }
}
