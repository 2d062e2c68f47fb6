// deno-lint-ignore-file no-console
/**
 * Three sample servers, the balancer in front of them, and what to try: `deno task demo`.
 */
import { createDashboard } from "../src/dashboard/mod.ts";
import { createAdmin, LoadBalancer } from "../mod.ts";
import { startSample } from "./sample_server.ts";

const PROXY_PORT = 8080;
const ADMIN_PORT = 8000;
const SAMPLES = [
  { name: "one", port: 3001, weight: 2 },
  { name: "two", port: 3002, weight: 1 },
  { name: "three", port: 3003, weight: 1 },
];

const print = console.log;

/** Starts something on a port; one that is taken ends the demo with a line that says so. */
function start(port: number, serve: (port: number) => Deno.HttpServer): Deno.HttpServer {
  try {
    return serve(port);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    console.error(`Cannot start the demo: port ${port} is in use. Stop what uses it, try again.`);
    Deno.exit(1);
  }
}

/** Serves on a port of this machine. */
function serve(port: number, handler: Deno.ServeHandler<Deno.NetAddr>): Deno.HttpServer {
  return start(
    port,
    () => Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, handler),
  );
}

const samples = SAMPLES.map(({ name, port }) => start(port, () => startSample(name, port)));
const balancer = new LoadBalancer({
  servers: SAMPLES.map(({ name, port, weight }) => ({
    url: `http://127.0.0.1:${port}`,
    name,
    weight,
    healthCheckPeriod: 2,
  })),
});
const proxy = serve(PROXY_PORT, balancer.fetch);
const api = createAdmin(balancer, { dashboard: createDashboard() });
const admin = serve(ADMIN_PORT, api.fetch);

print("Sample servers:");
for (const { name, port, weight } of SAMPLES) {
  print(`  http://127.0.0.1:${port}  ${name}, weight ${weight}`);
}
print(`
Open the balancer:  http://127.0.0.1:${PROXY_PORT}/
Its dashboard:      http://127.0.0.1:${ADMIN_PORT}/

Try in another terminal ("npx -y deno@2.9" in place of "deno" where Deno is not installed):
  curl http://127.0.0.1:${PROXY_PORT}/
  deno run -A cli.ts status
  deno run -A cli.ts update-server --url http://127.0.0.1:3003 --weight 5 --keep
  deno run -A cli.ts delete-server --url http://127.0.0.1:3001
  deno run -A cli.ts add-server --url http://127.0.0.1:3001 --name one --weight 2

Ctrl-C stops everything.`);

const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
Deno.addSignalListener("SIGINT", stop);
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", stop);
await stopped;
print("Stopping.");
api.close();
await Promise.all([proxy.shutdown(), admin.shutdown()]);
await balancer.close();
await Promise.all(samples.map((sample) => sample.shutdown()));
Deno.exit(0);
