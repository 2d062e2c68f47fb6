import type { DecisionNews, DecisionSink } from "../model/decision.ts";
import type { FromWorker } from "./messages.ts";

/** A worker's side of the main thread's log of decisions. */
export class PostedDecisions implements DecisionSink {
  /** Whether the main thread wants them. */
  recording: boolean;
  readonly #post: (message: FromWorker) => void;
  #skipped = 0;

  /**
   * @param recording Whether the main thread wants them from the start.
   * @param post Takes a message to the main thread.
   */
  constructor(recording: boolean, post: (message: FromWorker) => void) {
    this.recording = recording;
    this.#post = post;
  }

  /** A server was picked. */
  add(news: DecisionNews): void {
    this.#post({ type: "decision", news });
  }

  /** A request came for which nothing was recorded; that is told at the next {@linkcode flush}. */
  skip(): void {
    this.#skipped++;
  }

  /** Tells the main thread how many requests were not recorded. */
  flush(): void {
    if (this.#skipped === 0) return;
    this.#post({ type: "skipped", count: this.#skipped });
    this.#skipped = 0;
  }
}
