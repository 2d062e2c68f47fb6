import { createRequire } from "node:module";
import process from "node:process";
import { LeastConnections, readArguments } from "./least_connections.mjs";

// The packages are in the benchmark's cache folder, where `import` would not look.
const require = createRequire(`${process.env.BENCH_PACKAGES}/`);
const fastify = require("fastify");
const replyFrom = require("@fastify/reply-from");

const { port, origins } = readArguments(process.argv.slice(2));
const balancer = new LeastConnections(origins.length);
const app = fastify();
app.register(replyFrom, { undici: { connections: 1024, pipelining: 1 } });
// Content passes through unread.
app.addContentTypeParser("*", (_request, content, done) => done(null, content));
app.addContentTypeParser("application/octet-stream", (_request, content, done) => {
  done(null, content);
});

app.all("/*", (request, reply) => {
  const index = balancer.pick();
  reply.raw.once("close", () => balancer.finish(index));
  reply.from(origins[index] + request.raw.url, { rewriteHeaders });
});
await app.listen({ port, host: "127.0.0.1", backlog: 4096 });

/**
 * The plugin passes the server's `Connection: keep-alive` on even to a client that has asked for
 * `close`; Node then answers that client's next request with 400.
 */
function rewriteHeaders(headers) {
  delete headers.connection;
  return headers;
}
