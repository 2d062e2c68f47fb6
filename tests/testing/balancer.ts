import { assertEquals } from "@std/assert";
import { type Certificate, LoadBalancer, type LoadBalancerOptions } from "../../mod.ts";
import { RawClient } from "./raw_client.ts";

/** A balancer behind a real port, for tests. */
export interface ServedBalancer extends AsyncDisposable {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** Where its proxy listens. */
  readonly url: string;
}

/**
 * Serves a balancer over these servers, which are not checked unless a test wants that.
 *
 * @param urls The servers.
 * @param options How the balancer is made.
 * @param tls Its TLS certificate. Default: none, cleartext.
 */
export async function serveBalancer(
  urls: readonly string[],
  options: LoadBalancerOptions = {},
  tls?: Certificate,
): Promise<ServedBalancer> {
  const balancer = new LoadBalancer({
    servers: urls.map((url) => ({ url, healthCheckPeriod: 0 })),
    ...options,
  });
  const secured = tls === undefined ? {} : { tls };
  const server = await balancer.listen({ hostname: "127.0.0.1", port: 0, ...secured });
  return {
    balancer,
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose](): Promise<void> {
      await server.shutdown();
      await balancer.close();
    },
  };
}

/** How often {@linkcode untilIdle} looks. */
const LOOKS_MAX = 100_000;

/**
 * Waits until no request is active any more, and fails if that does not come to pass. What it waits
 * for has happened on the network already; the balancer only has to see it.
 */
export async function untilIdle(
  { balancer, url }: Pick<ServedBalancer, "balancer" | "url">,
): Promise<void> {
  for (let look = 0; look < LOOKS_MAX && activeRequests(balancer) > 0; look++) {
    (await RawClient.connect(url)).close();
  }
  assertEquals(activeRequests(balancer), 0);
}

/** The sum of the active requests of all servers. */
export function activeRequests(balancer: LoadBalancer): number {
  return balancer.servers().reduce((sum, { active }) => sum + active, 0);
}
