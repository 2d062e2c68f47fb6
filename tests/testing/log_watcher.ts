import { configure, reset } from "@logtape/logtape";
import { until } from "./until.ts";

/** Sees what Ballast logs, so that a test can wait for it. */
export class LogWatcher implements AsyncDisposable {
  readonly #lines: string[] = [];

  /** Begins to watch, in place of whatever else was configured. */
  static async start(): Promise<LogWatcher> {
    const watcher = new LogWatcher();
    await configure({
      reset: true,
      sinks: { watcher: ({ message }) => watcher.#see(message.join("")) },
      loggers: [
        { category: "ballast", lowestLevel: "debug", sinks: ["watcher"] },
        { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
      ],
    });
    return watcher;
  }

  /** The log so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a line with this text; one that was there before counts too. */
  async waitFor(text: string): Promise<void> {
    await until(
      () => `"${text}": logged is ${JSON.stringify(this.#lines)}`,
      () => this.#lines.some((line) => line.includes(text)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await reset();
  }

  #see(line: string): void {
    this.#lines.push(line);
  }
}
