import { z } from "zod";
import { SERVER_STATUS } from "./answer_schemas.ts";
import { REGISTRY_HEALTH, registryHealthJson } from "./registry_json.ts";
import type { Routes } from "./router.ts";
import { serverStatusJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

const HEALTH = z.object({
  status: z.enum(["ok", "warning"])
    .describe("`warning` while a person has to look at what `registry` says"),
  servers: z.int().min(0).describe("How many servers there are"),
  healthy: z.int().min(0).describe("How many of them count as healthy"),
  registry: REGISTRY_HEALTH.describe("Where balancers share their servers: how it is connected")
    .optional(),
}).meta({ id: "Health" });

/** What tells how the servers are doing. */
export const STATUS_ROUTES: Routes = {
  "/servers": {
    GET: {
      handler: list,
      summary: "List the servers and how they are doing, in the order in which they were added",
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
      summary: "Tell that the balancer is running",
      description:
        "Needs no token. It is 200 also while no server is healthy, and while what several " +
        "balancers share cannot be reached: the balancer works with what it knows.",
      answers: {
        200: { description: "It is running", content: { "application/json": HEALTH } },
      },
    },
  },
};

function list(target: AdminTarget): unknown {
  return target.balancer.servers().map(serverStatusJson);
}

function health(target: AdminTarget): unknown {
  const servers = target.balancer.servers();
  const healthy = servers.filter((server) => server.healthy).length;
  const registry = target.cluster?.registry;
  return {
    status: registry === undefined || registry.warnings.length === 0 ? "ok" : "warning",
    servers: servers.length,
    healthy,
    ...(registry === undefined ? {} : { registry: registryHealthJson(registry) }),
  };
}
