/**
 * The state of a server in outlier ejection. `active`: it takes requests. `ejected`: for a while it
 * gets requests only where no other server is left. `probing`: it gets one request at a time, which
 * decides whether it returns to `active`.
 */
export type EjectionState = "active" | "ejected" | "probing";

/** The states, in the order of the numbers that the state table holds. */
export const EJECTION_STATES: readonly EjectionState[] = ["active", "ejected", "probing"];
/** The number of `active`. */
export const ACTIVE = 0;
/** The number of `ejected`. */
export const EJECTED = 1;
/** The number of `probing`. */
export const PROBING = 2;

/** How a server failed a request: at the connection, or by its response. */
export type FailureKind = "connection" | "response";

/** A thread's report on a server, based on its requests. */
export interface OutlierReport {
  /** Whether the server failed too often, or answered its probing request. */
  readonly type: "failing" | "passed";
  /** The server's URL. */
  readonly url: string;
  /** The reason, for logs and reports. */
  readonly why: string;
}
