import { getLogger } from "@logtape/logtape";
import { z } from "zod";
import type { ClusterMember, ClusterMemberStatus, ClusterReport } from "../model/cluster_report.ts";
import { type Answer, CLUSTER_PROBLEMS, type Routes } from "./operation.ts";
import { Problem } from "./problem.ts";
import { NO_QUERY, NO_QUERY_PROBLEM } from "./query.ts";
import type { AdminCluster, AdminTarget } from "./target.ts";

const logger = getLogger(["ballast", "admin"]);

const count = z.int().min(0);

const STATUS = z.object({
  at: z.iso.datetime().describe("Time of the report, by the balancer's own clock"),
  requests_per_second: z.number().min(0).nullable()
    .describe("Rate over about the last ten seconds; null if requests are not counted"),
  active: count.describe("Active requests"),
  servers: count.describe("Number of servers"),
  healthy: count.describe("Servers that it sees as healthy"),
  checks: count.describe("Servers that it checks itself"),
  unhealthy: z.array(z.string())
    .describe("URLs of servers that it sees as unhealthy, 200 at most"),
  revision: count.describe("Revision up to which all changes have arrived"),
}).meta({ id: "FleetStatus" });

const MEMBER = z.object({
  id: z.string().describe("Unique id, a new one at each start"),
  name: z.string(),
  version: z.string(),
  started_at: z.iso.datetime().describe("Time of its start, by its own clock"),
  admin: z.string().nullable().describe("The URL of its admin API, as far as it knows"),
  shared_health: z.boolean()
    .describe("Whether it checks servers for others, and uses their results"),
  behind: z.boolean()
    .describe(
      "Whether changes have not reached it that reached the answering balancer a while ago",
    ),
  status: STATUS.nullable().describe("Its latest report"),
});

const CLUSTER = z.object({
  self: z.string().describe("The id of the answering balancer"),
  error: z.string().nullable().describe("Why the answer is out of date"),
  muted: z.string().describe("Why no balancer can report, if none can").optional(),
  members: z.array(MEMBER).describe("All balancers that are up, by name"),
  disagreements: z.array(z.object({
    url: z.string(),
    healthy: z.array(z.string()).describe("The ids of the balancers that see it as healthy"),
    unhealthy: z.array(z.string()).describe("The ids of those that see it as unhealthy"),
  })).describe("Servers that only some of the balancers see as unhealthy"),
}).meta({ id: "Fleet" });

const ACCEPTED = z.object({
  accepted: z.array(z.string()).describe("The URLs of the servers that were removed"),
}).meta({ id: "Accepted" });

/** Report of a balancer on itself as JSON. */
export type ClusterStatusJson = Answer<typeof STATUS>;

/** Balancer of a cluster as JSON. */
export type ClusterMemberJson = Answer<typeof MEMBER>;

/** Balancers of a cluster as JSON. */
export type ClusterJson = Answer<typeof CLUSTER>;

/** Answer of `/accept-servers`. */
export type AcceptedJson = Answer<typeof ACCEPTED>;

const NO_CLUSTER = { 404: "The balancer is not part of a cluster" };

/** `/fleet` and `/accept-servers`. */
export const CLUSTER_ROUTES: Routes = {
  "/fleet": {
    GET: {
      handler: async (target) => clusterJson(await clusterOf(target).report()),
      summary: "List the balancers of the cluster, how they are doing, and where they disagree",
      description: "Each balancer reports every few seconds.",
      query: NO_QUERY,
      answers: {
        200: { description: "The balancers", content: { "application/json": CLUSTER } },
      },
      problems: { ...NO_QUERY_PROBLEM, ...NO_CLUSTER },
    },
  },
  "/accept-servers": {
    POST: {
      handler: accept,
      summary: "Remove the servers that are missing from etcd and still in use",
      description:
        "Removes them at every balancer, without waiting until the loss counts as intended. " +
        "/stats lists them. A balancer that was started after the loss does not know them.",
      query: NO_QUERY,
      answers: {
        200: {
          description: "The servers that were removed; none if none were missing",
          content: { "application/json": ACCEPTED },
        },
      },
      problems: {
        ...NO_QUERY_PROBLEM,
        ...NO_CLUSTER,
        503: CLUSTER_PROBLEMS[503],
        504: CLUSTER_PROBLEMS[504],
      },
    },
  },
};

async function accept(target: AdminTarget): Promise<AcceptedJson> {
  const accepted = await clusterOf(target).acceptServers();
  if (accepted.length === 0) return { accepted };
  logger.info("Accepted the loss of {count} servers: {urls}", {
    count: accepted.length,
    urls: accepted.join(", "),
  });
  return { accepted };
}

function clusterOf({ cluster }: AdminTarget): AdminCluster {
  if (cluster !== undefined) return cluster;
  throw new Problem(
    404,
    "This balancer is not part of a cluster; start it with --etcd to join one",
  );
}

function clusterJson(
  { self, error, muted, members, disagreements }: ClusterReport,
): ClusterJson {
  return {
    self,
    error: error ?? null,
    ...(muted === undefined ? {} : { muted }),
    members: members.map(memberJson),
    disagreements,
  };
}

function memberJson(member: ClusterMember): ClusterMemberJson {
  const { id, name, version, startedAt, admin, sharesHealth, isBehind, status } = member;
  return {
    id,
    name,
    version,
    started_at: startedAt.toISOString(),
    admin: admin ?? null,
    shared_health: sharesHealth,
    behind: isBehind,
    status: status === undefined ? null : statusJson(status),
  };
}

function statusJson(status: ClusterMemberStatus): ClusterStatusJson {
  const { at, requestsPerSecond, active, servers, checks, unhealthy, revision } = status;
  return {
    at: at.toISOString(),
    requests_per_second: requestsPerSecond ?? null,
    active,
    servers,
    healthy: Math.max(0, servers - status.unhealthyCount),
    checks,
    unhealthy,
    revision,
  };
}
