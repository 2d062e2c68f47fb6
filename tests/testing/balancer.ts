import { LoadBalancer, type LoadBalancerOptions } from "../../mod.ts";

/** A balancer behind a real port, for tests. */
export interface ServedBalancer extends AsyncDisposable {
  /** The balancer. */
  readonly balancer: LoadBalancer;
  /** Where its proxy listens. */
  readonly url: string;
  /** Resolves when no server has an active request any more. */
  idle(): Promise<void>;
}

/** Serves a balancer over these servers, which are not checked unless a test wants that. */
export function serveBalancer(
  urls: readonly string[],
  options: LoadBalancerOptions = {},
): ServedBalancer {
  const balancer = new LoadBalancer({
    servers: urls.map((url) => ({ url, healthCheckPeriod: 0 })),
    ...options,
  });
  const completed = new Set<Promise<void>>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response(null, { status: 502 }),
  }, (request, info) => {
    completed.add(info.completed);
    return balancer.fetch(request, info);
  });
  return {
    balancer,
    url: `http://127.0.0.1:${server.addr.port}`,
    async idle(): Promise<void> {
      await Promise.allSettled(completed);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await server.shutdown();
      await balancer.close();
    },
  };
}

/** The sum of the active requests of all servers. */
export function activeRequests(balancer: LoadBalancer): number {
  return balancer.servers().reduce((sum, { active }) => sum + active, 0);
}
