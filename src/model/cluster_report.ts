/** How a balancer does, as it has last told the others. */
export interface ClusterMemberStatus {
  /** When it told so, by its own clock. */
  readonly at: Date;
  /** Requests in a second; undefined where they are not counted. */
  readonly requestsPerSecond: number | undefined;
  /** How many requests are under way. */
  readonly active: number;
  /** How many servers it has. */
  readonly servers: number;
  /** How many of them it checks itself. */
  readonly checks: number;
  /** The URLs of the servers that it sees as unhealthy, the first of many. */
  readonly unhealthy: readonly string[];
  /** How many it sees as unhealthy. */
  readonly unhealthyCount: number;
  /** Up to which revision it has seen every change of what is shared. */
  readonly revision: number;
}

/** A balancer of those that share their servers. */
export interface ClusterMember {
  /** What tells it from every other balancer, and from itself at another start. */
  readonly id: string;
  /** How people call it. Several may have the same name. */
  readonly name: string;
  /** Its version of Ballast. */
  readonly version: string;
  /** When it was started, by its own clock. */
  readonly startedAt: Date;
  /** The URL of its admin API, as far as it knows; others may not be able to reach it there. */
  readonly admin: string | undefined;
  /** Whether it checks servers for others, and uses what they find. */
  readonly sharesHealth: boolean;
  /** How it does; undefined where it has not told that yet, or in a way that cannot be read. */
  readonly status: ClusterMemberStatus | undefined;
  /** Whether it has not seen what this balancer has seen a while ago. */
  readonly isBehind: boolean;
}

/** A server that some balancers see as unhealthy, and others do not. */
export interface ClusterDisagreement {
  /** The server's URL. */
  readonly url: string;
  /** The ids of the balancers that see it as healthy. */
  readonly healthy: readonly string[];
  /** The ids of those that see it as unhealthy. */
  readonly unhealthy: readonly string[];
}

/** The balancers that share their servers, as one of them sees it. */
export interface ClusterReport {
  /** The id of the balancer that says so. */
  readonly self: string;
  /** All that are up, by name. */
  readonly members: readonly ClusterMember[];
  /** On which servers they do not agree, by URL. */
  readonly disagreements: readonly ClusterDisagreement[];
  /** Why this is only what was known before; undefined where it is up to date. */
  readonly error: string | undefined;
  /** Why no balancer can tell anything new; left out where they can. */
  readonly muted?: string;
}
