// deno-lint-ignore-file no-console
import { pace } from "../../chaos/pace.ts";
import { CONCURRENCIES } from "./scenario.ts";

/**
 * Servers that hold each request for the time in its header, a number of them at once and the others in
 * a queue. Run as a separate process, which prints the ports as JSON.
 */
class HoldingServer {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #queue: (() => void)[] = [];
  readonly #concurrency: number;
  #busy = 0;

  constructor(name: string, concurrency: number) {
    this.#concurrency = concurrency;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        await this.#hold(Number(request.headers.get("x-hold")));
        return new Response(name);
      },
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  async #hold(milliseconds: number): Promise<void> {
    if (this.#busy < this.#concurrency) this.#busy++;
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    await pace(milliseconds);
    const next = this.#queue.shift();
    // Starts the next one in the queue.
    if (next === undefined) this.#busy--;
    else next();
  }
}

const servers = CONCURRENCIES.map((count, i) => new HoldingServer(`server-${i + 1}`, count));
console.log(JSON.stringify(servers.map(({ port }) => port)));
