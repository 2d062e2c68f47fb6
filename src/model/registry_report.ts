/** An invalid value in the shared store. */
export interface KeyFault {
  /** Its key. */
  readonly key: string;
  /** The revision at which it was written. */
  readonly revision: number;
  /** The fault, and its effect on the server. */
  readonly message: string;
}

/** Stable codes of {@linkcode RegistryWarning}. */
export type RegistryWarningCode =
  /** etcd is at its quota: it accepts no changes, and balancers cannot publish their status. */
  | "out_of_space"
  /** etcd refuses this balancer's writes for another reason. */
  | "write_refused"
  /** Servers are missing from etcd without having been deleted; they are still in use. */
  | "held_removals";

/** A condition of the shared store that needs an operator's attention. */
export interface RegistryWarning {
  /** The kind of condition. */
  readonly code: RegistryWarningCode;
  /**
   * The condition and what to do, as text to display; without addresses, because `/healthz` is
   * public.
   */
  readonly message: string;
}

/** Servers that are missing from the shared store and still in use. */
export interface HeldRemovalsReport {
  /** Their URLs, sorted. */
  readonly urls: readonly string[];
  /** When the first of them disappeared. */
  readonly since: Date;
  /** When they will be removed unless they reappear. */
  readonly until: Date;
}

/** A balancer's connection to the shared store. */
export interface RegistryReport {
  /** The kind of store. */
  readonly kind: "etcd";
  /** Whether the store is reachable, so changes can be made and received. */
  readonly connected: boolean;
  /** When `connected` last changed. */
  readonly since: Date;
  /** Why the store is unreachable; undefined while connected and before the first attempt. */
  readonly error: string | undefined;
  /** The revision up to which all changes have been received; 0 before the first. */
  readonly revision: number;
  /** Number of balancers that share the store; absent if unknown. */
  readonly balancers?: number;
  /** Servers that are missing from the store and still in use; absent if there are none. */
  readonly heldRemovals?: HeldRemovalsReport;
  /** Conditions that need an operator's attention. */
  readonly warnings: readonly RegistryWarning[];
  /** Invalid values in the store, which are ignored, ordered by key. */
  readonly faults: readonly KeyFault[];
}
