/**
 * Whether a server that has failed requests is trusted with more: `in`, as one that has not;
 * `ejected`, for a while only where nothing else is left; on `trial`, one request at a time, which
 * decides.
 */
export type EjectionState = "in" | "ejected" | "trial";

/** The standings, each at the number that stands for it. */
export const EJECTION_STATES: readonly EjectionState[] = ["in", "ejected", "trial"];
/** The number of `in`. */
export const ACTIVE = 0;
/** The number of `ejected`. */
export const EJECTED = 1;
/** The number of `trial`. */
export const PROBING = 2;

/** How a server fails a request: it does not take the connection, or does not answer as it should. */
export type FailureKind = "connection" | "response";
