import { z } from "zod";
import type { Answer, Routes } from "./operation.ts";
import { REGISTRY_HEALTH, registryHealthJson } from "./registry.ts";
import { SERVER_STATUS, serverStatusJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

const HEALTH = z.object({
  status: z.enum(["ok", "warning"])
    .describe("`warning` while `registry` has warnings, which need an operator's attention"),
  servers: z.int().min(0).describe("Number of servers"),
  healthy: z.int().min(0).describe("Number of healthy servers"),
  registry: REGISTRY_HEALTH.describe("In a cluster: the connection to etcd").optional(),
}).meta({ id: "Health" });

/** `/servers` and `/healthz`. */
export const STATUS_ROUTES: Routes = {
  "/servers": {
    GET: {
      handler: ({ balancer }) => balancer.servers().map(serverStatusJson),
      summary: "List the servers and their state, in the order in which they were added",
      answers: {
        200: {
          description: "The servers",
          content: { "application/json": z.array(SERVER_STATUS) },
        },
      },
    },
  },
  "/healthz": {
    GET: {
      handler: health,
      summary: "Confirm that the balancer is running",
      description:
        "Needs no token. It is 200 even if no server is healthy, or etcd cannot be reached: the " +
        "balancer goes on with the servers it knows.",
      answers: {
        200: { description: "It is running", content: { "application/json": HEALTH } },
      },
    },
  },
};

function health({ balancer, cluster }: AdminTarget): Answer<typeof HEALTH> {
  const servers = balancer.servers();
  const registry = cluster?.registry;
  return {
    status: registry === undefined || registry.warnings.length === 0 ? "ok" : "warning",
    servers: servers.length,
    healthy: servers.filter((server) => server.healthy).length,
    ...(registry === undefined ? {} : { registry: registryHealthJson(registry) }),
  };
}
