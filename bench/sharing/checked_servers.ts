import type { ServerInit } from "../../mod.ts";

/** Any number of servers behind one port, which are told apart by their path. */
export class CheckedServers implements AsyncDisposable {
  /** The servers. */
  readonly servers: readonly ServerInit[];
  /** How many health checks came in. */
  probes = 0;
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  /**
   * @param count How many.
   * @param period Seconds between two checks.
   */
  constructor(count: number, period: number) {
    const { signal } = this.#abort;
    const where = { hostname: "127.0.0.1", port: 0, signal, onListen: () => {} };
    this.#server = Deno.serve(where, () => {
      this.probes++;
      return new Response("ok");
    });
    const { port } = this.#server.addr;
    this.servers = Array.from({ length: count }, (_, i) => (
      { url: `http://127.0.0.1:${port}/${i}`, name: `server-${i}`, healthCheckPeriod: period }
    ));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}
