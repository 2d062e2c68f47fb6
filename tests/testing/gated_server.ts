import { until } from "./until.ts";

/** A server that answers a request when it is told to, and notes how many it works on. */
export class GatedServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #gates: (() => void)[] = [];
  #open = false;
  #working = 0;
  /** The paths of the requests that have come, in their order. */
  readonly arrived: string[] = [];
  /** How many requests it worked on when each of them came, that one included. */
  readonly loads: number[] = [];

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** The server's URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The most requests that it has worked on at once. */
  get peak(): number {
    return Math.max(...this.loads);
  }

  /** Waits until so many requests have come. */
  async arrivals(count: number): Promise<void> {
    await until(
      () => `request ${count}: there are ${this.arrived}`,
      () => this.arrived.length >= count,
    );
  }

  /** Answers the request that has waited longest. */
  release(): void {
    this.#gates.shift()?.();
  }

  /** Answers every request from now on. */
  open(): void {
    this.#open = true;
    while (this.#gates.length > 0) this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    this.arrived.push(new URL(request.url).pathname);
    this.loads.push(++this.#working);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gates.push(resolve);
    if (this.#open) this.release();
    await promise;
    this.#working--;
    return new Response("released");
  }
}
