/**
 * A balancer on Bun, which passes a module's default export to `Bun.serve`.
 *
 * Run it: `bun run examples/bun_serve.ts`
 */
import { LoadBalancer } from "@ballast/lb";

/** The part of Bun's server that returns a client's address. */
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
  // Otherwise Bun closes a connection when a server takes more than ten seconds to respond.
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
