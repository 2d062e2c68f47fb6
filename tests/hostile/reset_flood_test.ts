import { assert, assertEquals } from "@std/assert";
import { activeRequests, serveBalancer } from "../testing/balancer.ts";
import { certificate } from "../testing/certificates.ts";
import { until } from "../testing/until.ts";
import { DeafServer } from "./deaf_server.ts";
import { HonestClients } from "./honest_clients.ts";
import { floodResets } from "./reset_flood.ts";

/** A second of what `run_resets.ts` does for a minute. */
const SHORT = { resets: 1000, seconds: 1 };

for (const over of ["cleartext", "tls"] as const) {
  for (const by of ["client", "server"] as const) {
    Deno.test(`streams that the ${by} resets over ${over} keep no server from others`, async () => {
      await using server = new DeafServer();
      const tls = over === "tls" ? certificate("localhost") : undefined;
      await using served = await serveBalancer([], {
        servers: [{ url: server.url, maxConnections: 100, healthCheckPeriod: 0 }],
        // The test itself finds the remains of a flood; nothing waits for them afterwards.
        timeouts: { response: 20 },
      }, tls);
      const { balancer } = served;
      // The honest ones come by HTTP/1.1, to a listener of their own where the other speaks TLS.
      const listener = await balancer.listen({ hostname: "127.0.0.1", port: 0 });
      const honest = new HonestClients(`http://127.0.0.1:${listener.addr.port}/honest`, 20);
      const { streams } = await floodResets({ url: served.url, over, by, ...SHORT });
      try {
        assertEquals(streams, SHORT.resets);
        await until(
          () => `${activeRequests(balancer)} requests and ${server.waiting} to be over`,
          () => server.waiting === 0 && activeRequests(balancer) <= 20,
          5_000,
        );
      } finally {
        await honest[Symbol.asyncDispose]();
      }
      await until("no request to be active", () => activeRequests(balancer) === 0);
      assertEquals(honest.failures, []);
      assert(honest.answered > 20, `only ${honest.answered} were answered`);
      await listener.shutdown();
    });
  }
}
