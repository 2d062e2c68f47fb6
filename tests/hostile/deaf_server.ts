/** A server that answers requests for `/honest`, and no other until its client has left. */
export class DeafServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #waiting = 0;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** Its URL. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** How many requests wait for an answer that does not come. */
  get waiting(): number {
    return this.#waiting;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/honest") return new Response("ok");
    const { promise: left, resolve: onLeft } = Promise.withResolvers<void>();
    this.#waiting++;
    request.signal.addEventListener("abort", () => onLeft());
    await left;
    this.#waiting--;
    return new Response(null);
  }
}
