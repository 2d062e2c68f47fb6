/** What cannot be used of what is kept for several balancers. */
export interface KeyFault {
  /** The key under which it is. */
  readonly key: string;
  /** The revision at which it was written. */
  readonly revision: number;
  /** What is wrong with it, and what becomes of the server. */
  readonly message: string;
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
  /** What is kept there and not used here, in the order of the keys. */
  readonly faults: readonly KeyFault[];
}
