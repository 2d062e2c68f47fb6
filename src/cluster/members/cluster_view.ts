import type {
  ClusterDisagreement,
  ClusterMember,
  ClusterMemberStatus,
} from "../../model/cluster_report.ts";
import type { Member } from "./member_store.ts";

/** The cluster as known to one balancer. */
export interface ClusterState {
  /** The balancers that are up, by ID. */
  readonly members: ReadonlyMap<string, Member>;
  /** Their statuses, by ID, as far as known. */
  readonly statuses: ReadonlyMap<string, ClusterMemberStatus>;
  /** The revision up to which this balancer had handled every change a while ago. */
  readonly revisionBefore: number;
  /** IDs of the balancers whose status is older than that: their revision shows nothing. */
  readonly silent: ReadonlySet<string>;
}

/** The balancers for a report, sorted by name and then by start. */
export function listMembers(
  { members, statuses, revisionBefore, silent }: ClusterState,
): ClusterMember[] {
  return [...members.values()].map((member) => {
    const status = statuses.get(member.id);
    const isBehind = status !== undefined && status.revision < revisionBefore &&
      !silent.has(member.id);
    return { ...member, status, isBehind };
  }).sort((one, other) =>
    compare(one.name, other.name) || Number(one.startedAt) - Number(other.startedAt) ||
    compare(one.id, other.id)
  );
}

/**
 * The servers that are unhealthy to some balancers and healthy to others. A balancer with more
 * unhealthy servers than its status can list does not count as seeing the others healthy.
 */
export function findDisagreements(members: readonly ClusterMember[]): ClusterDisagreement[] {
  const views = members.flatMap(({ id, status }) =>
    status === undefined ? [] : [{
      id,
      unhealthy: new Set(status.unhealthy),
      isComplete: status.unhealthy.length >= status.unhealthyCount,
    }]
  );
  const urls = views.reduce((all, { unhealthy }) => all.union(unhealthy), new Set<string>());
  return [...urls].sort().flatMap((url) => {
    const unhealthy = views.filter((view) => view.unhealthy.has(url)).map(({ id }) => id);
    const healthy = views.filter((view) => view.isComplete && !view.unhealthy.has(url))
      .map(({ id }) => id);
    return healthy.length === 0 ? [] : [{ url, healthy, unhealthy }];
  });
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
