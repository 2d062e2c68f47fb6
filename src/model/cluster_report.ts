/** The status that a balancer last published. */
export interface ClusterMemberStatus {
  /** When it was published, by that balancer's clock. */
  readonly at: Date;
  /** Requests per second; undefined if they are not counted. */
  readonly requestsPerSecond: number | undefined;
  /** Active requests. */
  readonly active: number;
  /** Number of servers. */
  readonly servers: number;
  /** Number of servers that it checks itself. */
  readonly checks: number;
  /** URLs of servers that it considers unhealthy, up to a maximum number. */
  readonly unhealthy: readonly string[];
  /** Number of servers that it considers unhealthy. */
  readonly unhealthyCount: number;
  /** The revision up to which it has received every change. */
  readonly revision: number;
}

/** One balancer of the cluster. */
export interface ClusterMember {
  /** Its ID, which changes at each start. */
  readonly id: string;
  /** Its name for display, which need not be unique. */
  readonly name: string;
  /** Its version of Ballast. */
  readonly version: string;
  /** When it was started, by its own clock. */
  readonly startedAt: Date;
  /** The URL of its admin API, which may not be reachable from other machines. */
  readonly admin: string | undefined;
  /** Whether it shares health checks with the others. */
  readonly sharesHealth: boolean;
  /** Its status; undefined if it has not published a valid one. */
  readonly status: ClusterMemberStatus | undefined;
  /** Whether it is behind: it lacks changes that this balancer received a while ago. */
  readonly isBehind: boolean;
}

/** A server whose health the balancers disagree on. */
export interface ClusterDisagreement {
  /** The server's URL. */
  readonly url: string;
  /** The IDs of the balancers that consider it healthy. */
  readonly healthy: readonly string[];
  /** The IDs of the balancers that consider it unhealthy. */
  readonly unhealthy: readonly string[];
}

/** The cluster as one of its balancers sees it. */
export interface ClusterReport {
  /** The ID of the reporting balancer. */
  readonly self: string;
  /** All running balancers, ordered by name. */
  readonly members: readonly ClusterMember[];
  /** Servers whose health they disagree on, ordered by URL. */
  readonly disagreements: readonly ClusterDisagreement[];
  /** Why this report may be out of date; undefined if it is current. */
  readonly error: string | undefined;
  /** Why balancers cannot publish their status; absent if they can. */
  readonly muted?: string;
}
