import type { DecisionCandidate } from "../model/decision.ts";
import type { CandidateCode } from "../model/decision_code.ts";
import { ejectedVerdict } from "./decision_log.ts";
import type { ServerState } from "../model/server_state.ts";
import type { Server } from "../model/server.ts";
import type { SlotSnapshot } from "./table_snapshot.ts";

/** Facts that decide whether a server is eligible for a request. */
export interface EligibilityCase {
  /** The server. */
  readonly server: Server;
  /** Its row of the state table at the time of the pick. */
  readonly snapshot: SlotSnapshot;
  /** Whether the request already had an attempt at this server. */
  readonly attempted: boolean;
  /** Whether the request went to a trusted server. */
  readonly trustedChosen: boolean;
}

/** Why a server was ineligible for a request: a code for programs and a verdict for people. */
export type IneligibleReason = Pick<DecisionCandidate, "code" | "verdict">;

/** State of a server in one word; of several that apply, the one that lasts longest. */
export function stateOf({ draining }: Server, snapshot: SlotSnapshot): ServerState {
  if (draining) return "draining";
  if (!snapshot.healthy) return "unhealthy";
  if (snapshot.ejectionState === "ejected") return "ejected";
  return snapshot.ejectionState === "probing" ? "on_trial" : "up";
}

/** Whether a server is trusted with requests: healthy and not ejected. */
export function isTrusted({ healthy, ejectionState }: SlotSnapshot): boolean {
  return healthy && ejectionState !== "ejected";
}

/** Whether a code means that a server was ineligible for this request, but maybe not for others. */
export function isIneligibleForRequest(code: CandidateCode): boolean {
  return code === "tried" || code === "full" || code === "raced";
}

/** Why a server was ineligible for a request; see `Candidates` for the rules. */
export function ineligibleReason(
  { server, snapshot, attempted, trustedChosen }: EligibilityCase,
): IneligibleReason {
  const { active, limit, weight, ejectionState } = snapshot;
  if (attempted) return { code: "tried", verdict: "tried already by this request" };
  if (server.draining) return { code: "draining", verdict: "draining" };
  if (weight === 0) return { code: "no_weight", verdict: "weight 0" };
  if (trustedChosen && !isTrusted(snapshot)) {
    return stateOf(server, snapshot) === "unhealthy"
      ? { code: "unhealthy", verdict: "unhealthy, and healthy ones are preferred" }
      : { code: "ejected", verdict: ejectedVerdict() };
  }
  if (limit !== 0 && active >= limit) {
    return { code: "full", verdict: `works on ${active} of ${limit} requests` };
  }
  if (ejectionState === "probing" && active > 0) {
    return { code: "trial_busy", verdict: "probing, with a request in flight" };
  }
  // Another thread changed something between the selection of candidates and the snapshot.
  return { code: "raced", verdict: "could not take it a moment before" };
}
