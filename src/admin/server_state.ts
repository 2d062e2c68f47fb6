import { effectiveWeight } from "../core/server.ts";
import type { CheckReport, ServerStatus } from "../core/server_status.ts";

/** Whether a server takes requests. */
export type ServerState =
  /** It does. */
  | "up"
  /** Health checks found it unhealthy: it gets requests only where there is no other. */
  | "unhealthy"
  /** It failed too many requests and is out for a while, in the same way. */
  | "ejected"
  /** It was ejected, and gets one request at a time, which decides. */
  | "on_trial"
  /** It gets no new requests, as it was told to or its weight is 0. */
  | "draining";

/**
 * Whether a server takes requests, and why not. What keeps more requests away comes first.
 *
 * @param status The server with how it is doing.
 */
export function serverState(status: ServerStatus): { state: ServerState; reason: string | null } {
  const { healthy, ejection, draining, lastCheck } = status;
  if (effectiveWeight(status) === 0) {
    return { state: "draining", reason: draining ? "it was told to" : "its weight is 0" };
  }
  if (!healthy) return { state: "unhealthy", reason: checkReason(lastCheck) };
  if (ejection === undefined) return { state: "up", reason: null };
  return { state: ejection.onTrial ? "on_trial" : "ejected", reason: ejection.why };
}

function checkReason(check: CheckReport | undefined): string | null {
  if (check === undefined) return null;
  return check.passed ? `${check.detail}, and more checks have to pass` : check.detail;
}
