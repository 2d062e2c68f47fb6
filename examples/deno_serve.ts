/**
 * A balancer in a program of one's own on Deno, with the admin API beside it.
 *
 * Run it: `deno run --allow-net examples/deno_serve.ts`
 */
import { createAdmin, LoadBalancer } from "@ballast/lb";

const balancer = new LoadBalancer({
  servers: [
    { url: "http://127.0.0.1:3001", weight: 2 },
    { url: "http://127.0.0.1:3002" },
    { url: "http://127.0.0.1:3003" },
  ],
});

// `balancer.listen({ port: 8080 })` is faster; this way, other code can come before the balancer.
Deno.serve({ port: 8080 }, (request, info) => {
  const { pathname } = new URL(request.url);
  return pathname === "/hello" ? new Response("Hello!\n") : balancer.fetch(request, info);
});

// Only this machine can reach it.
Deno.serve({ port: 8000, hostname: "127.0.0.1" }, createAdmin(balancer).fetch);
