/** The status that a balancer last published. */
export interface ClusterMemberStatus {
  /** When it was published, by that balancer's clock. */
  readonly at: Date;
  /** Requests per second; undefined where they are not counted. */
  readonly requestsPerSecond: number | undefined;
  /** Active requests. */
  readonly active: number;
  /** Number of servers. */
  readonly servers: number;
  /** Number of servers that it checks itself. */
  readonly checks: number;
  /** URLs of the servers that it considers unhealthy; only the first of many. */
  readonly unhealthy: readonly string[];
  /** Number of servers that it considers unhealthy. */
  readonly unhealthyCount: number;
  /** The revision up to which it has received every change. */
  readonly revision: number;
}

/** One balancer of the cluster. */
export interface ClusterMember {
  /** Its identifier, unique to one run of one balancer. */
  readonly id: string;
  /** A name for people; several may have the same. */
  readonly name: string;
  /** Its version of Ballast. */
  readonly version: string;
  /** When it was started, by its own clock. */
  readonly startedAt: Date;
  /** The URL of its admin API as it knows it; others may not be able to reach it there. */
  readonly admin: string | undefined;
  /** Whether it shares health checks with the others. */
  readonly sharesHealth: boolean;
  /** Its status; undefined before it published one, and where that is invalid. */
  readonly status: ClusterMemberStatus | undefined;
  /** Whether it lags behind: it lacks changes that this balancer received a while ago. */
  readonly isBehind: boolean;
}

/** A server whose health the balancers disagree on. */
export interface ClusterDisagreement {
  /** The server's URL. */
  readonly url: string;
  /** The ids of the balancers that consider it healthy. */
  readonly healthy: readonly string[];
  /** The ids of those that consider it unhealthy. */
  readonly unhealthy: readonly string[];
}

/** The cluster as one of its balancers sees it. */
export interface ClusterReport {
  /** The id of the reporting balancer. */
  readonly self: string;
  /** All balancers that are up, by name. */
  readonly members: readonly ClusterMember[];
  /** Servers whose health they disagree on, by URL. */
  readonly disagreements: readonly ClusterDisagreement[];
  /** Why this report may be out of date; undefined where it is current. */
  readonly error: string | undefined;
  /** Why no balancer can publish its status; left out where they can. */
  readonly muted?: string;
}
