import { LeastConnections, readArguments } from "./least_connections.mjs";

const { port, origins } = readArguments(Deno.args);
const balancer = new LeastConnections(origins.length);

Deno.serve({ port, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
  const index = balancer.pick();
  const url = request.url;
  try {
    // Counted until the head arrives: to follow the content, it would have to go through
    // JavaScript, which costs Deno its fast path.
    return await fetch(origins[index] + url.slice(url.indexOf("/", 8)), {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
    });
  } catch {
    return new Response(null, { status: 502 });
  } finally {
    balancer.finish(index);
  }
});
