import type { BalancerError } from "./errors.ts";

/**
 * A way to call off one piece of work. It does what an `AbortSignal` does, for one listener at a
 * time, at the price of a plain object: every request has one, and an `AbortController` with a
 * listener costs as much as the rest of the bookkeeping of a request.
 */
export class Cancellation {
  #reason: BalancerError | undefined;
  #listener: ((reason: BalancerError) => void) | undefined;

  /** Why the work was called off, if it was. */
  get reason(): BalancerError | undefined {
    return this.#reason;
  }

  /** Sets what to do when the work is called off, in place of what was set before. */
  onCancel(listener: ((reason: BalancerError) => void) | undefined): void {
    this.#listener = listener;
  }

  /** Calls the work off. Only the first call counts. */
  cancel(reason: BalancerError): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#listener?.(reason);
  }
}
