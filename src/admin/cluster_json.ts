import { z } from "zod";
import type { ClusterMember, ClusterMemberStatus, ClusterReport } from "../model/cluster_report.ts";

/** How a balancer does, as the admin API writes it. */
export interface ClusterStatusJson {
  /** When it told so, by its own clock, as RFC 3339. */
  readonly at: string;
  /** Requests in a second, over about the last ten seconds; null where they are not counted. */
  readonly requests_per_second: number | null;
  /** How many requests are under way. */
  readonly active: number;
  /** How many servers it has. */
  readonly servers: number;
  /** How many of them it sees as healthy. */
  readonly healthy: number;
  /** How many of them it checks itself. */
  readonly checks: number;
  /** The URLs of those that it sees as unhealthy, 200 at most. */
  readonly unhealthy: readonly string[];
  /** Up to which revision it has seen every change of what is shared. */
  readonly revision: number;
}

/** A balancer of those that share their servers, as the admin API writes it. */
export interface ClusterMemberJson {
  /** What tells it from every other balancer, and from itself at another start. */
  readonly id: string;
  /** How people call it. */
  readonly name: string;
  /** Its version of Ballast. */
  readonly version: string;
  /** When it was started, by its own clock, as RFC 3339. */
  readonly started_at: string;
  /** The URL of its admin API, as far as it knows; null where it says none. */
  readonly admin: string | null;
  /** Whether it checks servers for others, and uses what they find. */
  readonly shared_health: boolean;
  /** Whether it has not seen what the balancer that answers has seen a while ago. */
  readonly behind: boolean;
  /** How it does; null where it has not told that yet. */
  readonly status: ClusterStatusJson | null;
}

/** The balancers that share their servers, as the admin API writes them. */
export interface ClusterJson {
  /** The id of the balancer that answers. */
  readonly self: string;
  /** Why this is only what was known before; null where it is up to date. */
  readonly error: string | null;
  /** Why no balancer can tell anything new; left out where they can. */
  readonly muted?: string | undefined;
  /** All that are up, by name. */
  readonly members: readonly ClusterMemberJson[];
  /** The servers that some of them see as unhealthy, and others do not. */
  readonly disagreements: readonly {
    /** The server's URL. */
    readonly url: string;
    /** The ids of the balancers that see it as healthy. */
    readonly healthy: readonly string[];
    /** The ids of those that see it as unhealthy. */
    readonly unhealthy: readonly string[];
  }[];
}

const count = z.int().min(0);
const moment = z.iso.datetime();

const STATUS = z.object({
  at: moment.describe("When it told so, by its own clock"),
  requests_per_second: z.number().min(0).nullable()
    .describe("Requests in a second, over about the last ten seconds"),
  active: count.describe("How many requests are under way"),
  servers: count.describe("How many servers it has"),
  healthy: count.describe("How many of them it sees as healthy"),
  checks: count.describe("How many of them it checks itself"),
  unhealthy: z.array(z.string()).describe("Those that it sees as unhealthy, 200 at most"),
  revision: count.describe("Up to which revision it has seen every change of what is shared"),
}).meta({ id: "FleetStatus" }) satisfies z.ZodType<ClusterStatusJson>;

/** The balancers that share their servers. */
export const FLEET = z.object({
  self: z.string().describe("The id of the balancer that answers"),
  error: z.string().nullable().describe("Why this is only what was known before"),
  muted: z.string().describe("Why no balancer can tell anything new; left out where they can")
    .optional(),
  members: z.array(z.object({
    id: z.string().describe("What tells it from others, and from itself at another start"),
    name: z.string(),
    version: z.string(),
    started_at: moment.describe("When it was started, by its own clock"),
    admin: z.string().nullable().describe("The URL of its admin API, as far as it knows"),
    shared_health: z.boolean()
      .describe("Whether it checks servers for others, and uses what they find"),
    behind: z.boolean()
      .describe("Whether it has not seen what the one that answers has seen a while ago"),
    status: STATUS.nullable().describe("How it does, as it has last told"),
  })).describe("All that are up, by name"),
  disagreements: z.array(z.object({
    url: z.string(),
    healthy: z.array(z.string()).describe("The ids of the balancers that see it as healthy"),
    unhealthy: z.array(z.string()).describe("The ids of those that see it as unhealthy"),
  })).describe("The servers that some of them see as unhealthy, and others do not"),
}).meta({ id: "Fleet" }) satisfies z.ZodType<ClusterJson>;

/** The balancers that share their servers, as JSON. */
export function clusterJson(
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
