import type { CheckResult } from "../../health/check_sharing.ts";
import type { AssignedServer } from "./check_assignment.ts";
import { type DownServer, PENDING_MAX, type Results } from "./health_value.ts";

/** A server with what is known about its health. */
export interface CheckedServer extends AssignedServer {
  /** Its health and the detail; undefined while unknown. */
  health: { readonly healthy: boolean; readonly detail: string; readonly since: Date } | undefined;
  /** Whether a check found it unhealthy once, which must be confirmed before it is published. */
  isDoubted: boolean;
  /** Whether this balancer cannot check it, for a local reason. */
  isBlocked: boolean;
  /** Whether the balancer that owns its checks has published a result for it. */
  isKnown: boolean;
  /** Since when another balancer's result is pending, in the clock's milliseconds. */
  pendingSince: number | undefined;
  /** Whether this balancer checks it. */
  isOwn: boolean;
}

/** A server about which nothing is known yet. */
export function uncheckedServer(server: AssignedServer): CheckedServer {
  return {
    ...server,
    health: undefined,
    isDoubted: false,
    isBlocked: false,
    isKnown: false,
    pendingSince: undefined,
    isOwn: false,
  };
}

/**
 * Records the result of a check by this balancer.
 *
 * @param server The server.
 * @param result The result.
 * @param since Time of the check.
 * @returns `publish` if the other balancers should learn of it; `confirm` if the check must be
 * repeated first.
 */
export function noteResult(
  server: CheckedServer,
  { healthy, passed, detail }: CheckResult,
  since: Date,
): "nothing" | "confirm" | "publish" {
  const before = server.health;
  // With an unknown server, one failure of several required shows nothing yet.
  const isChanged = before === undefined ? healthy === passed : healthy !== before.healthy;
  if (isChanged && !healthy && (passed || !server.isDoubted)) {
    // The cause may be this balancer, which must not take the server out everywhere.
    server.isDoubted = true;
    return "confirm";
  }
  const wasDoubted = server.isDoubted;
  server.isDoubted = false;
  if (isChanged) server.health = { healthy, detail, since };
  // Meanwhile the others have checked it themselves, and continue until this result is as certain.
  const isUnblocked = server.isBlocked && healthy === passed;
  if (isUnblocked) server.isBlocked = false;
  return isChanged || isUnblocked || wasDoubted ? "publish" : "nothing";
}

/** The results to publish for the servers that a balancer checks. */
export function resultsOf(servers: Iterable<CheckedServer>): Results {
  const down: DownServer[] = [];
  const pending: string[] = [];
  let isAnyBlocked = false;
  for (const { url, health, isBlocked, isDoubted } of servers) {
    // While a failure is unconfirmed, "healthy" would overrule others that have seen the server down.
    if (isBlocked || isDoubted || health === undefined) pending.push(url);
    if (health?.healthy === false) down.push({ url, ...health });
    isAnyBlocked ||= isBlocked;
  }
  // With "many" pending, others would keep using what they know about the blocked ones too.
  return { down, pending: isAnyBlocked && pending.length > PENDING_MAX ? "all" : pending };
}
