/**
 * A balancer on Bun, which serves what a module exports with `Bun.serve`.
 *
 * Run it: `bun run examples/bun_serve.ts`
 */
import { LoadBalancer } from "@ballast/lb";

/** The part of Bun's server that says who a client is. */
interface BunServer {
  requestIP(request: Request): { readonly address: string } | null;
}

const balancer = new LoadBalancer({
  servers: [
    { url: "http://127.0.0.1:3001", weight: 2 },
    { url: "http://127.0.0.1:3002" },
    { url: "http://127.0.0.1:3003" },
  ],
});

export default {
  port: 8080,
  // Bun would close a connection after ten seconds in which a server thinks.
  idleTimeout: 255,
  fetch(request: Request, server: BunServer): Promise<Response> {
    const client = server.requestIP(request);
    // Servers are told the client's address in X-Forwarded-For.
    return balancer.fetch(
      request,
      client === null ? {} : { remoteAddr: { hostname: client.address } },
    );
  },
};
