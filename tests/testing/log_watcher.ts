import { configure, reset } from "@logtape/logtape";

/** Sees what Ballast logs, so that a test can wait for it. */
export class LogWatcher implements AsyncDisposable {
  readonly #lines: string[] = [];
  readonly #awaited: { readonly text: string; readonly resolve: () => void }[] = [];

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

  /** What was logged so far. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a line with this text; one that was there before counts too. */
  async waitFor(text: string): Promise<void> {
    if (this.#lines.some((line) => line.includes(text))) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited.push({ text, resolve });
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await reset();
  }

  #see(line: string): void {
    this.#lines.push(line);
    for (const { text, resolve } of this.#awaited) if (line.includes(text)) resolve();
  }
}
