import { until } from "./until.ts";

/** A server that answers with its name, can be stopped, and started again on the same port. */
export class SampleServer implements AsyncDisposable {
  /** The response. */
  readonly name: string;
  /** How many requests it has had, health checks aside. */
  hits = 0;
  /** How many health checks it has had. */
  probes = 0;
  #port = 0;
  #server: Deno.HttpServer | undefined;
  #abort = new AbortController();

  /** @param name The text of its responses. */
  constructor(name: string) {
    this.name = name;
    this.start();
  }

  /** Its URL, the same as long as it lives. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, again where it was before. */
  start(): void {
    this.#abort = new AbortController();
    const server = Deno.serve({
      hostname: "127.0.0.1",
      port: this.#port,
      signal: this.#abort.signal,
      onListen: () => {},
    }, (request) => {
      if (request.headers.get("user-agent") === "ballast-health-check") {
        this.probes++;
      } else this.hits++;
      return new Response(this.name);
    });
    this.#port = server.addr.port;
    this.#server = server;
  }

  /** Waits for the next health check. */
  async nextProbe(): Promise<void> {
    const { probes } = this;
    await until("a health check", () => this.probes > probes);
  }

  /** Stops it at once, with every connection. */
  async kill(): Promise<void> {
    this.#abort.abort();
    await this.#server?.finished;
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server !== undefined) await this.kill();
  }
}
