// deno-lint-ignore-file no-console
/**
 * A balancer on Node with `node:http`. @hono/node-server turns its requests into web requests.
 * Running TypeScript takes Node 22.18 or newer; docs/library.md explains how to install both packages.
 *
 * Run it: `node examples/node_http.ts`
 */
import { createServer } from "node:http";
import { getRequestListener, type HttpBindings } from "@hono/node-server";
import { LoadBalancer } from "@ballast/lb";

const balancer = new LoadBalancer({
  servers: [
    { url: "http://127.0.0.1:3001", weight: 2 },
    { url: "http://127.0.0.1:3002" },
    { url: "http://127.0.0.1:3003" },
  ],
});

const listener = getRequestListener((request, env) => {
  const { remoteAddress } = (env as HttpBindings).incoming.socket;
  // Servers are told the client's address in X-Forwarded-For.
  const client = remoteAddress === undefined ? {} : { remoteAddr: { hostname: remoteAddress } };
  return balancer.fetch(request, client);
});

createServer(listener).listen(8080, () => console.log("Listening on http://localhost:8080/"));
