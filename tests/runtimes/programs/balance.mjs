// deno-lint-ignore-file no-console
// A balancer with its admin API by the runtime's own server, until standard input ends. Takes its
// options as JSON, and how it shares its servers if it does; prints its ports as JSON.
import process from "node:process";
import { createAdmin, LoadBalancer } from "@ballast/lb";
import { createDashboard } from "@ballast/lb/dashboard";
import { joinEtcd } from "@ballast/lb/etcd";

const balancer = new LoadBalancer(JSON.parse(process.argv[2]));
const shared = process.argv[3] && await joinEtcd(balancer, JSON.parse(process.argv[3]));
const admin = createAdmin(balancer, {
  dashboard: createDashboard(),
  ...(shared && { cluster: shared }),
});

/** The admin API, with what the library counts and what it says to `listen` beside it. */
function answerAdmin(request) {
  const { pathname } = new URL(request.url);
  if (pathname === "/traffic") return Response.json(balancer.traffic().servers);
  if (pathname === "/listen") {
    return balancer.listen({ hostname: "127.0.0.1", port: 0 }).then(
      (listener) => listener.shutdown().then(() => new Response("listens")),
      (error) => new Response(`${error.code} ${error.message}`),
    );
  }
  return admin.fetch(request);
}

async function serve(answer) {
  const where = { hostname: "127.0.0.1", port: 0 };
  if ("Bun" in globalThis) {
    return Bun.serve({
      ...where,
      idleTimeout: 0,
      fetch: (request, server) =>
        answer(request, { remoteAddr: { hostname: server.requestIP(request).address } }),
    }).port;
  }
  if ("Deno" in globalThis) {
    return Deno.serve({ ...where, onListen: () => {}, automaticCompression: false }, answer).addr
      .port;
  }
  const { createServer } = await import("node:http");
  const { getRequestListener } = await import("@hono/node-server");
  const server = createServer(
    getRequestListener((request, { incoming }) =>
      answer(request, { remoteAddr: { hostname: incoming.socket.remoteAddress } })
    ),
  );
  await new Promise((resolve) => server.listen(0, where.hostname, resolve));
  return server.address().port;
}

process.on("unhandledRejection", (error) => {
  console.error("Unhandled:", error);
  process.exit(1);
});
console.log(JSON.stringify({
  port: await serve(balancer.fetch),
  adminPort: await serve(answerAdmin),
}));
for await (const _ of process.stdin);
if (shared) await shared[Symbol.asyncDispose]();
await balancer.close();
process.exit(0);
