import { Cancellation } from "../core/cancellation.ts";
import { Deadline } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";

/**
 * Notices that a client leaves while it waits for its response. It begins to listen when it falls
 * due: few requests wait that long, and the abort signal tells late listeners as well.
 */
export class Departure extends Deadline {
  /** Called off when the client has left. */
  readonly cancellation: Cancellation = new Cancellation();
  readonly #request: Request;
  #onAbort: (() => void) | undefined;

  /** @param request The request that waits. */
  constructor(request: Request) {
    super();
    this.#request = request;
  }

  /** The request has waited for long enough: from now on, listen. */
  override onDue(): void {
    this.#onAbort = () =>
      this.cancellation.cancel(
        new BalancerError("client_gone", "The client left before the response came", {
          source: "downstream",
        }),
      );
    const { signal } = this.#request;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
  }

  /** The wait is over. */
  end(): void {
    this.meet();
    if (this.#onAbort === undefined) return;
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }
}
