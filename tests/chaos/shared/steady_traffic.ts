import { ChaosClient } from "../client.ts";
import { pace } from "../pace.ts";

/** How long each client waits between two requests, in milliseconds. */
const PAUSE_MS = 10;

/** Clients that send requests to a balancer until it is disposed of. None of them may fail. */
export class SteadyTraffic implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #clients: Promise<void>[];
  /** The failures. */
  readonly failures: string[] = [];
  /** How many requests were answered. */
  answered = 0;

  /**
   * @param url The balancer.
   * @param clients How many there are at once.
   */
  constructor(url: string, clients: number) {
    const port = Number(new URL(url).port);
    this.#clients = Array.from({ length: clients }, (_, number) => this.#run(port, number));
  }

  /** Ends it, once each client has its last answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#clients);
  }

  async #run(port: number, number: number): Promise<void> {
    const { signal } = this.#abort;
    const client = new ChaosClient(port);
    for (let count = 0; !signal.aborted; count++) {
      const id = `${port}-${number}-${count}`;
      const request = { method: "GET", target: "/", id, content: null, chunked: false } as const;
      try {
        const { end, status, why } = await client.send(request);
        if (end === "complete" && status === 200) this.answered++;
        else this.failures.push(`${id}: ${end} ${status} ${why}`);
      } catch (error) {
        this.failures.push(`${id}: ${error}`);
        await pace(100, signal);
      }
      await pace(PAUSE_MS, signal);
    }
    client.close();
  }
}
