import { z } from "zod";
import { DISCOVERY } from "./answer_schemas.ts";
import { discoveryJson } from "./discovery_json.ts";
import type { AdminCall } from "./operation.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import type { Routes } from "./router.ts";
import type { AdminTarget } from "./target.ts";

/** What tells how servers are discovered. */
export const DISCOVERY_ROUTES: Routes = {
  "/discovery": {
    GET: {
      handler: list,
      summary: "List the entries with discover, what they have found, and their lookups",
      query: NO_QUERY,
      answers: {
        200: {
          description: "The entries",
          content: { "application/json": z.array(DISCOVERY) },
        },
      },
      problems: { 400: "The query has a parameter, and there is none" },
    },
  },
};

function list(target: AdminTarget, { url }: AdminCall): unknown {
  readQuery(url, NO_QUERY);
  return target.balancer.discovery().map(discoveryJson);
}
