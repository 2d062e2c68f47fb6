/**
 * Whether a server takes requests. `up`: it does. `unhealthy`: its health checks fail, and it gets
 * requests only where no healthy server is left. `ejected`: it failed too many requests, and for a
 * while is treated the same. `on_trial`: it was ejected, and is probed with one request at a time.
 * `draining`: it gets no new requests, as it is being drained or its weight is 0.
 */
export type ServerState = "up" | "unhealthy" | "ejected" | "on_trial" | "draining";

/** All states. */
export const SERVER_STATES = [
  "up",
  "unhealthy",
  "ejected",
  "on_trial",
  "draining",
] as const satisfies readonly ServerState[];
