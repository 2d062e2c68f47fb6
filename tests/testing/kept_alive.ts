/**
 * Keeps the event loop going, as a listener does: calls from other threads alone do not, and would
 * go unheard.
 */
export class KeptAlive implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #accepting = this.#listener.accept().catch(() => {});

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
  }
}
