import { Cancellation } from "../runtime/cancellation.ts";
import { Deadline } from "../runtime/deadlines.ts";
import { BalancerError } from "../model/errors.ts";

/** How long a request waits before anyone looks whether its client is still there, in milliseconds. */
export const DEPARTURE_WATCH_MS = 100;

/**
 * Has the platform tell a request's signal when its client leaves. Over HTTP/2, Deno (2.9) does so
 * only for signals that somebody has looked at before that, so this has to be called before the
 * handler first waits for anything: a stream that is reset at once would be active until its time is
 * over (CVE-2023-44487 and CVE-2025-8671 do that by the thousand). It costs 1 to 2 µs, and 10 where
 * Deno runs without `--unstable-no-legacy-abort`.
 */
export function expectDeparture(request: Request): void {
  void request.signal;
}

/**
 * Notices that a client leaves while it waits for its response. It begins to listen when it falls
 * due, or is told to: few requests wait that long, and a listener costs a quarter of the throughput.
 * The signal tells late listeners as well, once {@linkcode expectDeparture} was called.
 */
export class DisconnectWatch extends Deadline {
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
    this.listen();
  }

  /** Listens from now on, as the request has to wait for something. */
  listen(): void {
    if (this.#onAbort !== undefined) return;
    this.disarm();
    this.#onAbort = () => this.#noticed();
    const { signal } = this.#request;
    if (signal.aborted) this.#noticed();
    else signal.addEventListener("abort", this.#onAbort);
  }

  /** Looks whether the client has left, without waiting for anything. */
  look(): void {
    if (this.#request.signal.aborted) this.#noticed();
  }

  /** The wait is over. */
  end(): void {
    this.disarm();
    if (this.#onAbort === undefined) return;
    this.#request.signal.removeEventListener("abort", this.#onAbort);
  }

  #noticed(): void {
    this.cancellation.cancel(
      new BalancerError("client_gone", "The client left before the response came", {
        source: "downstream",
      }),
    );
  }
}
