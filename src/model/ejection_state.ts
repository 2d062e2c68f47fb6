/**
 * State of a server in outlier ejection: `active` while it may take requests; `ejected` while it is
 * used only if no other server is left; `probing` while it gets one request at a time, which decides
 * whether it becomes active again.
 */
export type EjectionState = "active" | "ejected" | "probing";

/** The states, each at the index by which the state table stores it. */
export const EJECTION_STATES: readonly EjectionState[] = ["active", "ejected", "probing"];
/** Index of `active`. */
export const ACTIVE = 0;
/** Index of `ejected`. */
export const EJECTED = 1;
/** Index of `probing`. */
export const PROBING = 2;

/** How a server failed a request: by refusing the connection, or by its response. */
export type FailureKind = "connection" | "response";
