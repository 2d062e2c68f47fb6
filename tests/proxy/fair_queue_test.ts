import { assert, assertEquals } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { RawClient } from "../testing/raw_client.ts";
import { SampleServer } from "../testing/sample_server.ts";
import { until } from "../testing/until.ts";

const CLIENTS = 40;
/** Average number of responses for each client. */
const ROUNDS = 25;

/** A client on its own connection, which stays with one worker. */
class LoopingClient {
  answers = 0;
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  static async connect(url: string): Promise<LoopingClient> {
    return new LoopingClient(await RawClient.connect(url));
  }

  /** Sends one request after another until it is stopped. */
  async run(goOn: () => boolean): Promise<void> {
    using _ = { [Symbol.dispose]: () => this.#client.close() };
    while (goOn()) {
      await this.#client.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
      const wanted = this.answers + 1;
      await until(`answer ${wanted}`, async () => {
        return (await this.#client.readMore()).split("HTTP/1.1 200 OK").length > wanted;
      });
      this.answers = wanted;
    }
  }
}

Deno.test("clients of two workers get a server with one place about equally often", async () => {
  await using server = new SampleServer("one");
  await using served = await serveBalancer([], {
    servers: [{ url: server.url, maxConnections: 1, healthCheckPeriod: 0 }],
    workers: 2,
    timeouts: { queue: 60 },
  });
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => LoopingClient.connect(served.url)),
  );
  let sent = 0;
  await Promise.all(clients.map((client) => client.run(() => sent++ < CLIENTS * ROUNDS)));
  const answers = clients.map((client) => client.answers).sort((a, b) => a - b);
  assert(answers[0]! >= ROUNDS / 2, `answers of each client: ${answers.join(" ")}`);
  assertEquals(activeRequests(served.balancer), 0);
});
