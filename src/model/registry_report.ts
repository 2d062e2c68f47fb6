/** What cannot be used of what is kept for several balancers. */
export interface KeyFault {
  /** The key under which it is. */
  readonly key: string;
  /** The revision at which it was written. */
  readonly revision: number;
  /** What is wrong with it, and what becomes of the server. */
  readonly message: string;
}

/** What needs a person to look at it, as a stable code. */
export type RegistryWarningCode =
  /** etcd is at its quota: it takes no changes, and balancers cannot tell how they do. */
  | "out_of_space"
  /** etcd refuses what this balancer writes, for another reason. */
  | "write_refused"
  /** etcd has lost servers that no balancer has deleted; they are still in use. */
  | "held_removals";

/** Something about what keeps the servers that a person has to look at. */
export interface RegistryWarning {
  /** What it is. */
  readonly code: RegistryWarningCode;
  /** What it is and what to do, for people; without addresses, as anybody may read it. */
  readonly message: string;
}

/** Servers that were lost where they are kept, and that are still in use. */
export interface HeldRemovalsReport {
  /** Their URLs, sorted. */
  readonly urls: readonly string[];
  /** Since when the first of them has been missing. */
  readonly since: Date;
  /** When they will be removed, if nothing changes until then. */
  readonly until: Date;
}

/** How a balancer is connected to what keeps the servers for several balancers. */
export interface RegistryReport {
  /** What keeps them. */
  readonly kind: "etcd";
  /** Whether it can be reached, so that changes can be made and those of others are seen. */
  readonly connected: boolean;
  /** Since when that is so. */
  readonly since: Date;
  /** Why it cannot be reached; undefined where it can, and before the first try. */
  readonly error: string | undefined;
  /** The revision up to which every change is seen here; 0 before the first. */
  readonly revision: number;
  /** How many balancers share them. Default: that is not known. */
  readonly balancers?: number;
  /** The servers that are missing there and still in use; left out where none are. */
  readonly heldRemovals?: HeldRemovalsReport;
  /** What a person has to look at. */
  readonly warnings: readonly RegistryWarning[];
  /** What is kept there and not used here, in the order of the keys. */
  readonly faults: readonly KeyFault[];
}
