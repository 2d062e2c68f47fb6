import type { OwnResult } from "../../health/check_sharing.ts";
import type { AssignedServer } from "./check_assignment.ts";
import { type DownServer, PENDING_MAX, type Results } from "./health_value.ts";

/** A server, and what is known of it. */
export interface KnownServer extends AssignedServer {
  /** Whether it is healthy, and why not; undefined as long as nobody knows. */
  health: { readonly healthy: boolean; readonly detail: string; readonly since: Date } | undefined;
  /** Whether it was found unhealthy once, which is to be repeated before others are told. */
  isDoubted: boolean;
  /** Whether this balancer cannot check it, for a reason of its own. */
  isBlocked: boolean;
  /** Whether the balancer that is to check it has told of it. */
  isKnown: boolean;
  /** Since when the result of another balancer is awaited, in the clock's milliseconds. */
  waitsSince: number | undefined;
  /** Whether this balancer checks it. */
  isOwn: boolean;
}

/** A server of which nothing is known yet. */
export function unknownServer(server: AssignedServer): KnownServer {
  return {
    ...server,
    health: undefined,
    isDoubted: false,
    isBlocked: false,
    isKnown: false,
    waitsSince: undefined,
    isOwn: false,
  };
}

/**
 * Takes note of what a check of this balancer's has come to.
 *
 * @param server The server.
 * @param result What the check has come to.
 * @param since When that is.
 * @returns `told` if the others are to hear of it; `doubted` if the check has to be repeated first.
 */
export function noteResult(
  server: KnownServer,
  { healthy, passed, detail }: OwnResult,
  since: Date,
): "nothing" | "doubted" | "told" {
  const before = server.health;
  // One failure of several that it takes says nothing of a server that nobody knows.
  const isNews = before === undefined ? healthy === passed : healthy !== before.healthy;
  if (isNews && !healthy && (passed || !server.isDoubted)) {
    // It may be this balancer that is in trouble, which is no reason to take a server out of all.
    server.isDoubted = true;
    return "doubted";
  }
  server.isDoubted = false;
  if (isNews) server.health = { healthy, detail, since };
  // Others have found out for themselves meanwhile: they go on with that until this is as sure.
  const isUnblocked = server.isBlocked && healthy === passed;
  if (isUnblocked) server.isBlocked = false;
  return isNews || isUnblocked ? "told" : "nothing";
}

/** The results of a balancer for the servers that it is to check, as it tells them. */
export function resultsOf(servers: Iterable<KnownServer>): Results {
  const down: DownServer[] = [];
  const pending: string[] = [];
  let isAnyBlocked = false;
  for (const { url, health, isBlocked } of servers) {
    if (isBlocked || health === undefined) pending.push(url);
    if (health?.healthy === false) down.push({ url, ...health });
    isAnyBlocked ||= isBlocked;
  }
  // Where many are pending, others go on with what they have heard of those that they know.
  return { down, pending: isAnyBlocked && pending.length > PENDING_MAX ? "all" : pending };
}
