import type { Decision } from "./decision.ts";

/** The state of a server as decisions, `/stats` and the dashboard show it. */
export type ServerState = Decision["candidates"][number]["state"];

/** All states. */
export const SERVER_STATES = [
  "up",
  "unhealthy",
  "ejected",
  "on_trial",
  "draining",
] as const satisfies readonly ServerState[];
