/**
 * Whether a server takes requests. `up`: it does. `unhealthy`: health checks found so, and it gets
 * requests only where there is no other. `ejected`: it failed too many requests and is out for a
 * while, in the same way. `on_trial`: it was ejected, and gets one request at a time, which decides.
 * `draining`: it gets no new requests, as it was told to or its weight is 0.
 */
export const SERVER_STATES = ["up", "unhealthy", "ejected", "on_trial", "draining"] as const;

/** Whether a server takes requests, and if not, why. */
export type ServerState = typeof SERVER_STATES[number];
