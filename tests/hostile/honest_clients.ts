import { pace } from "../chaos/pace.ts";

/** The time between a client's answer and its next request, in milliseconds. */
const PAUSE_MS = 20;
/** How long an answer may take, in milliseconds, until the request counts as failed. */
const LIMIT_MS = 10_000;

/** Clients that ask one thing after the other, wait for each answer, and count what fails. */
export class HonestClients implements AsyncDisposable {
  readonly #url: string;
  readonly #client = Deno.createHttpClient({ poolMaxIdlePerHost: 1000 });
  readonly #over = new AbortController();
  readonly #tasks: readonly Promise<void>[];
  /** How many requests were answered as they should be. */
  answered = 0;
  /** The other results. */
  readonly failures: string[] = [];

  /**
   * @param url The requested URL.
   * @param count How many clients.
   */
  constructor(url: string, count: number) {
    this.#url = url;
    this.#tasks = Array.from({ length: count }, () => this.#run());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#tasks);
    this.#client.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#ask();
      await pace(PAUSE_MS, signal);
    }
  }

  async #ask(): Promise<void> {
    try {
      const signal = AbortSignal.timeout(LIMIT_MS);
      const response = await fetch(this.#url, { client: this.#client, signal });
      const text = await response.text();
      if (response.status === 200) this.answered++;
      else this.failures.push(`${response.status} ${text}`);
    } catch (error) {
      this.failures.push(String(error));
    }
  }
}
