import { until } from "./until.ts";

/** Servers that answer no request before they are told to. */
export class HoldingServers implements AsyncDisposable {
  readonly #servers: readonly Deno.HttpServer<Deno.NetAddr>[];
  readonly #release = Promise.withResolvers<void>();
  #held = 0;

  /** @param count How many servers. */
  constructor(count: number) {
    this.#servers = Array.from(
      { length: count },
      () => Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => this.#hold()),
    );
  }

  /** The servers' URLs. */
  get urls(): string[] {
    return this.#servers.map(({ addr }) => `http://127.0.0.1:${addr.port}`);
  }

  /** Waits until they have had this many requests. */
  async holding(count: number): Promise<void> {
    await until(() => `request ${count}: there are ${this.#held}`, () => this.#held >= count);
  }

  /** Answers every request, also those to come. */
  release(): void {
    this.#release.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }

  async #hold(): Promise<Response> {
    this.#held++;
    await this.#release.promise;
    return new Response("held");
  }
}
