// deno-lint-ignore-file no-console
// Sends a request through a balancer, checks a server, and has nothing else to do then: it ends by
// itself, though nobody closes the balancer. Takes the balancer's servers as JSON.
import process from "node:process";
import { LoadBalancer } from "@ballast/lb";

const servers = JSON.parse(process.argv[2]);
const balancer = new LoadBalancer({
  servers,
  accessLog: { format: "common", write: (lines) => console.log("log", lines) },
});
const response = await balancer.fetch(new Request("http://a/path"));
console.log("answered", response.status, await response.text());
const { passed } = await balancer.check(servers[0].url);
console.log("checked", passed);
