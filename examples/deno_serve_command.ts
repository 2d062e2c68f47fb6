/**
 * A balancer for the command `deno serve`, which takes care of the port.
 *
 * Run it: `deno serve --allow-net --port 8080 examples/deno_serve_command.ts`
 */
import { LoadBalancer } from "@ballast/lb";

const balancer = new LoadBalancer({
  servers: [
    { url: "http://127.0.0.1:3001", weight: 2 },
    { url: "http://127.0.0.1:3002" },
    { url: "http://127.0.0.1:3003" },
  ],
});

export default { fetch: balancer.fetch } satisfies Deno.ServeDefaultExport;
