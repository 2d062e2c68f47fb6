/** An invalid value in the shared store. */
export interface KeyFault {
  /** Its key. */
  readonly key: string;
  /** The revision at which it was written. */
  readonly revision: number;
  /** The fault, and how the server is treated. */
  readonly message: string;
}

/** Stable codes of {@linkcode RegistryWarning}. */
export type RegistryWarningCode =
  /** etcd is at its quota: it accepts no changes, and balancers cannot publish their status. */
  | "out_of_space"
  /** etcd refuses this balancer's writes for another reason. */
  | "write_refused"
  /** Servers that no balancer deleted are missing in etcd; they are still in use. */
  | "held_removals";

/** A condition of the shared store that needs an operator's attention. */
export interface RegistryWarning {
  /** The kind of condition. */
  readonly code: RegistryWarningCode;
  /** The condition and what to do, for people; without addresses, as `/health` shows it to anyone. */
  readonly message: string;
}

/** Servers that are missing in the shared store and still in use. */
export interface HeldRemovalsReport {
  /** Their URLs, sorted. */
  readonly urls: readonly string[];
  /** Since when the first of them has been missing. */
  readonly since: Date;
  /** When they will be removed unless they reappear. */
  readonly until: Date;
}

/** A balancer's connection to the shared store. */
export interface RegistryReport {
  /** The kind of store. */
  readonly kind: "etcd";
  /** Whether it can be reached: changes can be made, and those of others arrive. */
  readonly connected: boolean;
  /** When `connected` last changed. */
  readonly since: Date;
  /** Why it cannot be reached; undefined while connected and before the first attempt. */
  readonly error: string | undefined;
  /** The revision up to which every change was received; 0 before the first. */
  readonly revision: number;
  /** How many balancers share the store; left out where that is unknown. */
  readonly balancers?: number;
  /** Servers that are missing in the store and still in use; left out where there are none. */
  readonly heldRemovals?: HeldRemovalsReport;
  /** Conditions that need an operator's attention. */
  readonly warnings: readonly RegistryWarning[];
  /** Invalid values in the store, which are ignored, in the order of their keys. */
  readonly faults: readonly KeyFault[];
}
