import { effectiveWeight } from "../model/server.ts";
import type { ServerState } from "../model/server_state.ts";
import type { CheckReport, ServerStatus } from "../model/server_status.ts";

/**
 * Whether a server takes requests, and why not. What keeps more requests away comes first.
 *
 * @param status The server with how it is doing.
 */
export function serverState(status: ServerStatus): { state: ServerState; reason: string | null } {
  const { healthy, ejection, draining, lastCheck } = status;
  if (effectiveWeight(status) === 0) {
    return {
      state: "draining",
      reason: draining ? "told to take no new requests" : "its weight is 0",
    };
  }
  if (!healthy) return { state: "unhealthy", reason: checkReason(lastCheck) };
  if (ejection === undefined) return { state: "up", reason: null };
  return { state: ejection.onTrial ? "on_trial" : "ejected", reason: ejection.why };
}

function checkReason(check: CheckReport | undefined): string | null {
  if (check === undefined) return null;
  return check.passed ? `${check.detail}, and more checks have to pass` : check.detail;
}
