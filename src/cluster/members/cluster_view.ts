import type {
  ClusterDisagreement,
  ClusterMember,
  ClusterMemberStatus,
} from "../../model/cluster_report.ts";
import type { Member } from "./member_value.ts";

/** What a balancer knows of the others. */
export interface FleetKnowledge {
  /** Those that are up, by id. */
  readonly members: ReadonlyMap<string, Member>;
  /** How they do, by id, as far as that is known. */
  readonly statuses: ReadonlyMap<string, ClusterMemberStatus>;
  /** Up to which revision this balancer had seen every change a while ago. */
  readonly revisionBefore: number;
  /** The ids of those that have told nothing since then: nothing is concluded from what they said. */
  readonly silent: ReadonlySet<string>;
}

/** The balancers as a report lists them: by name, and those of the same name by their start. */
export function listMembers(
  { members, statuses, revisionBefore, silent }: FleetKnowledge,
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
 * The servers that some balancers see as unhealthy and others do not. Nothing is concluded from a
 * balancer that sees more servers as unhealthy than it can name.
 */
export function findDisagreements(members: readonly ClusterMember[]): ClusterDisagreement[] {
  const views = members.flatMap(({ id, status }) =>
    status === undefined ? [] : [{
      id,
      unhealthy: new Set(status.unhealthy),
      isWhole: status.unhealthy.length >= status.unhealthyCount,
    }]
  );
  const urls = views.reduce((all, { unhealthy }) => all.union(unhealthy), new Set<string>());
  return [...urls].sort().flatMap((url) => {
    const unhealthy = views.filter((view) => view.unhealthy.has(url)).map(({ id }) => id);
    const healthy = views.filter((view) => view.isWhole && !view.unhealthy.has(url))
      .map(({ id }) => id);
    return healthy.length === 0 ? [] : [{ url, healthy, unhealthy }];
  });
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
