import { Deadline, type DeadlineQueue } from "../core/deadlines.ts";
import { BalancerError } from "../core/errors.ts";

/**
 * Waits for what a client is still to send before its request can go anywhere, and for no longer
 * than it may take: a client that stands still would be waited for forever.
 *
 * @param content What is on the way.
 * @param queue How long it may take.
 * @throws {BalancerError} `request_timeout` if it takes too long; what the content fails with.
 */
export async function receive<T>(content: Promise<T>, queue: DeadlineQueue): Promise<T> {
  const reception = new Reception(content);
  queue.add(reception);
  try {
    return await reception.result;
  } finally {
    reception.meet();
  }
}

class Reception<T> extends Deadline {
  readonly result: Promise<T>;
  #reject: (error: BalancerError) => void = () => {};

  constructor(content: Promise<T>) {
    super();
    this.result = new Promise((resolve, reject) => {
      this.#reject = reject;
      content.then(resolve, reject);
    });
  }

  override onDue(): void {
    const message = "The client took too long to send its content";
    this.#reject(new BalancerError("request_timeout", message, { source: "downstream" }));
  }
}
