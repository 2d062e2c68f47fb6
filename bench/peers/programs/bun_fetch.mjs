import process from "node:process";
import { LeastConnections, readArguments } from "./least_connections.mjs";

const { port, origins } = readArguments(process.argv.slice(2));
const balancer = new LeastConnections(origins.length);

Bun.serve({
  port,
  hostname: "127.0.0.1",
  async fetch(request) {
    const index = balancer.pick();
    const url = request.url;
    try {
      // Counted until the head arrives: to follow the content, it would have to go through
      // JavaScript, which costs Bun its fast path.
      return await fetch(origins[index] + url.slice(url.indexOf("/", 8)), {
        method: request.method,
        headers: request.headers,
        body: request.body,
        decompress: false,
        redirect: "manual",
      });
    } catch {
      return new Response(null, { status: 502 });
    } finally {
      balancer.finish(index);
    }
  },
});
