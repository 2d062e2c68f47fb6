import { z } from "zod";
import type { ClusterMemberStatus } from "../../model/cluster_report.ts";
import { countSchema, momentSchema, parseValue, textSchema } from "../store/values.ts";

/** Maximum number of unhealthy servers that a status lists. */
export const UNHEALTHY_MAX = 200;

const statusSchema = z.object({
  at: momentSchema,
  requests_per_second: z.number({ error: "must be a number, or null" }).min(0).nullable(),
  active: countSchema(),
  servers: countSchema(),
  checks: countSchema(),
  unhealthy: z.array(textSchema(2048)),
  unhealthy_count: countSchema(),
  revision: countSchema(),
}, { error: "must be a JSON object" });

/** Formats a status as the value of its key. */
export function statusValue(status: ClusterMemberStatus): string {
  const { at, requestsPerSecond, active, servers, checks, unhealthy, unhealthyCount, revision } =
    status;
  return JSON.stringify({
    at: at.toISOString(),
    requests_per_second: requestsPerSecond ?? null,
    active,
    servers,
    checks,
    unhealthy: unhealthy.slice(0, UNHEALTHY_MAX),
    unhealthy_count: unhealthyCount,
    revision,
  });
}

/**
 * Parses the value of a status key.
 *
 * @throws {BalancerError} `invalid`, with every fault.
 */
export function parseStatus(text: string): ClusterMemberStatus {
  const status = parseValue(statusSchema, text);
  const { at, active, servers, checks, unhealthy, revision } = status;
  return {
    at,
    requestsPerSecond: status.requests_per_second ?? undefined,
    active,
    servers,
    checks,
    unhealthy,
    unhealthyCount: status.unhealthy_count,
    revision,
  };
}
