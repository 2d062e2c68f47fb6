import type { DecisionCandidate } from "../model/decision.ts";
import type { CandidateCode } from "../model/decision_code.ts";
import { ejectedVerdict } from "../state/decision_log.ts";
import type { ServerState } from "../model/server_state.ts";
import type { Server } from "../model/server.ts";
import type { SlotSnapshot } from "../state/table_snapshot.ts";

/** What decides whether a request may go to a server. */
export interface EligibilityCase {
  /** The server. */
  readonly server: Server;
  /** What the state table said of it. */
  readonly snapshot: SlotSnapshot;
  /** Whether the request has tried it already. */
  readonly tried: boolean;
  /** Whether the request goes to a server that is trusted. */
  readonly trustedChosen: boolean;
}

/** Why a request could not go to a server, for programs and for people. */
export type Exclusion = Pick<DecisionCandidate, "code" | "verdict">;

/** How a server stands, in one word; what keeps requests away for longest comes first. */
export function stateOf({ draining }: Server, { healthy, standing }: SlotSnapshot): ServerState {
  if (draining) return "draining";
  if (!healthy) return "unhealthy";
  if (standing === "ejected") return "ejected";
  return standing === "probing" ? "on_trial" : "up";
}

/** Whether nothing speaks against giving requests to a server. */
export function isTrusted({ healthy, standing }: SlotSnapshot): boolean {
  return healthy && standing !== "ejected";
}

/** Whether a code means that this request, but maybe not others, could not go to a server. */
export function isOutForRequest(code: CandidateCode): boolean {
  return code === "tried" || code === "full" || code === "raced";
}

/** Why a request could not go to a server; see `Candidates` for the rules. */
export function ineligibleReason(
  { server, snapshot, tried, trustedChosen }: EligibilityCase,
): Exclusion {
  const { active, limit, weight, standing } = snapshot;
  if (tried) return { code: "tried", verdict: "tried already by this request" };
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
  if (standing === "probing" && active > 0) {
    return { code: "trial_busy", verdict: "on trial and busy" };
  }
  // Between the look at the candidates and the one that is told, another thread did something.
  return { code: "raced", verdict: "could not take it a moment before" };
}
