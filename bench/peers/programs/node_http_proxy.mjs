import { Agent, createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { LeastConnections, readArguments } from "./least_connections.mjs";

// The packages are in the benchmark's cache folder, where `import` would not look.
const httpProxy = createRequire(`${process.env.BENCH_PACKAGES}/`)("http-proxy");

const { port, origins } = readArguments(process.argv.slice(2));
const balancer = new LeastConnections(origins.length);
const proxy = httpProxy.createProxyServer({
  agent: new Agent({ keepAlive: true, maxFreeSockets: 1024 }),
  xfwd: true,
});
proxy.on("error", (_error, _request, response) => {
  if (!response.headersSent) response.writeHead(502);
  response.end();
});

createServer((request, response) => {
  const index = balancer.pick();
  response.once("close", () => balancer.finish(index));
  proxy.web(request, response, { target: origins[index] });
}).listen(port, "127.0.0.1", 4096);
