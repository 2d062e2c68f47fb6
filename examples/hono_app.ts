/**
 * A balancer inside a Hono app, on any runtime that Hono runs on: some paths are answered here, and
 * the rest by the servers.
 *
 * Run it: `deno serve --allow-net --port 8080 examples/hono_app.ts`
 */
import { Hono } from "hono";
import { LoadBalancer } from "@ballast/lb";

const balancer = new LoadBalancer({
  servers: [
    { url: "http://127.0.0.1:3001", weight: 2 },
    { url: "http://127.0.0.1:3002" },
    { url: "http://127.0.0.1:3003" },
  ],
});

const app = new Hono();
app.get("/hello", (context) => context.text("Hello!\n"));
app.all("*", (context) => balancer.fetch(context.req.raw));

export default { fetch: app.fetch };
