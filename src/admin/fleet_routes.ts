import { FLEET, type FleetJson, fleetJson } from "./fleet_json.ts";
import type { AdminCall } from "./operation.ts";
import { Problem } from "./problem.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

/** What tells which balancers share the servers. */
export const FLEET_ROUTES: Routes = {
  "/fleet": {
    GET: {
      handler: list,
      summary: "Tell which balancers share the servers, how they do, and where they do not agree",
      description: "Each tells how it does every few seconds.",
      query: NO_QUERY,
      answers: {
        200: { description: "The balancers", content: { "application/json": FLEET } },
      },
      problems: {
        400: "The query has a parameter, and there is none",
        404: "The balancer shares its servers with no other",
      },
    },
  },
};

async function list(target: AdminTarget, { url }: AdminCall): Promise<FleetJson> {
  readQuery(url, NO_QUERY);
  if (target.fleet === undefined) {
    throw new Problem(
      404,
      "This balancer shares its servers with no other; to let it, start it with --etcd",
    );
  }
  return fleetJson(await target.fleet());
}
