import { until } from "./until.ts";

/** A server on an address of the loopback, which answers with the address. */
class Neighbour {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #held: (() => void)[] = [];
  /** How many requests have come, health checks aside. */
  hits = 0;

  constructor(hostname: string, port: number) {
    this.#server = Deno.serve({ hostname, port, onListen: () => {} }, async (request) => {
      if (request.headers.get("user-agent") === "ballast-health-check") {
        this.probedHost = request.headers.get("host") ?? "";
        return new Response(hostname);
      }
      this.hits++;
      if (new URL(request.url).pathname === "/hold") {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#held.push(resolve);
        await promise;
      }
      return new Response(hostname);
    });
  }

  /** The `Host` of the latest health check. */
  probedHost = "";

  get port(): number {
    return this.#server.addr.port;
  }

  /** Waits until it holds a request for `/hold`. */
  async holds(): Promise<void> {
    await until("a request to hold", () => this.#held.length > 0);
  }

  /** Answers what it holds. */
  release(): void {
    for (const resolve of this.#held.splice(0)) resolve();
  }

  async stop(): Promise<void> {
    this.release();
    await this.#server.shutdown();
  }
}

/** Servers on one port of several addresses, as those behind one name are. */
export class Neighbours implements AsyncDisposable {
  readonly #servers = new Map<string, Neighbour>();
  /** Their port. */
  readonly port: number;

  private constructor(servers: Map<string, Neighbour>) {
    this.#servers = servers;
    this.port = [...servers.values()][0]!.port;
  }

  /** Starts one on each of these addresses of 127.0.0.0/8. */
  static async start(...addresses: string[]): Promise<Neighbours> {
    for (;;) {
      const servers = new Map<string, Neighbour>();
      try {
        for (const address of addresses) {
          const [first] = servers.values();
          servers.set(address, new Neighbour(address, first?.port ?? 0));
        }
        return new Neighbours(servers);
      } catch (error) {
        // The port is taken on one of the other addresses.
        if (!(error instanceof Deno.errors.AddrInUse)) throw error;
        for (const server of servers.values()) await server.stop();
      }
    }
  }

  /** The one on this address. */
  at(address: string): Neighbour {
    return this.#servers.get(address)!;
  }

  /** The URL of the one on this address, or of a name behind which they all are. */
  url(host: string): string {
    return `http://${host}:${this.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
  }
}
