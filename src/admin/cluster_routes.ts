import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import { type ClusterJson, clusterJson, FLEET } from "./cluster_json.ts";
import type { AdminCall } from "./operation.ts";
import { Problem } from "./problem.ts";
import { NO_QUERY, readQuery } from "./query.ts";
import type { Routes } from "./router.ts";
import { SHARED_PROBLEMS } from "./shared_problems.ts";
import type { AdminCluster, AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

const ACCEPTED = z.object({
  accepted: z.array(z.string()).describe("The URLs of the servers that were removed"),
}).meta({ id: "Accepted" }) satisfies z.ZodType<AcceptedJson>;

/** The servers that were removed as they are missing where they are kept. */
export interface AcceptedJson {
  /** Their URLs. */
  readonly accepted: readonly string[];
}

/** What tells which balancers share the servers, and what is done about what they share. */
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
  "/accept-servers": {
    POST: {
      handler: accept,
      summary: "Remove the servers that are missing where they are kept and that are still in use",
      description:
        "At every balancer, and before the time is over for which such a loss is not believed. " +
        "/stats has them. A balancer that was started after the loss knows of none.",
      query: NO_QUERY,
      answers: {
        200: {
          description: "What was removed; nothing where nothing is missing",
          content: { "application/json": ACCEPTED },
        },
      },
      problems: {
        400: "The query has a parameter, and there is none",
        404: "The balancer shares its servers with no other",
        503: SHARED_PROBLEMS[503],
        504: SHARED_PROBLEMS[504],
      },
    },
  },
};

async function list(target: AdminTarget, { url }: AdminCall): Promise<ClusterJson> {
  readQuery(url, NO_QUERY);
  return clusterJson(await clusterOf(target).fleet());
}

async function accept(target: AdminTarget, { url }: AdminCall): Promise<AcceptedJson> {
  readQuery(url, NO_QUERY);
  const accepted = await clusterOf(target).acceptServers();
  if (accepted.length === 0) return { accepted };
  logger.info("Accepted that {count} servers are gone: {urls}", {
    count: accepted.length,
    urls: accepted.join(", "),
  });
  return { accepted };
}

function clusterOf({ cluster }: AdminTarget): AdminCluster {
  if (cluster !== undefined) return cluster;
  throw new Problem(
    404,
    "This balancer shares its servers with no other; to let it, start it with --etcd",
  );
}
