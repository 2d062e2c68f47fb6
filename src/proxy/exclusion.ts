import type { ServerState } from "../core/server_state.ts";
import type { Server } from "../core/server.ts";
import type { SlotSnapshot } from "../core/table_snapshot.ts";

/** What decides whether a request may go to a server. */
export interface ExclusionCase {
  /** The server. */
  readonly server: Server;
  /** What the state table said of it. */
  readonly snapshot: SlotSnapshot;
  /** Whether the request has tried it already. */
  readonly tried: boolean;
  /** Whether the request goes to a server that is trusted. */
  readonly trustedChosen: boolean;
}

/** How a server stands, in one word; what keeps requests away for longest comes first. */
export function stateOf({ draining }: Server, { healthy, standing }: SlotSnapshot): ServerState {
  if (draining) return "draining";
  if (!healthy) return "unhealthy";
  if (standing === "ejected") return "ejected";
  return standing === "trial" ? "on_trial" : "up";
}

/** Whether nothing speaks against giving requests to a server. */
export function isTrusted({ healthy, standing }: SlotSnapshot): boolean {
  return healthy && standing !== "ejected";
}

/** The beginnings of what is said of servers that were out for one request, whatever their state. */
const OUT_FOR_REQUEST = ["tried already", "works on", "could not take it"];

/** Whether what is said of a server means that this request, but maybe not others, could not go there. */
export function isNotCandidate(verdict: string): boolean {
  return OUT_FOR_REQUEST.some((beginning) => verdict.startsWith(beginning));
}

/** Why a request could not go to a server, for people; see `Candidates` for the rules. */
export function whyExcluded({ server, snapshot, tried, trustedChosen }: ExclusionCase): string {
  const { active, limit, weight, standing } = snapshot;
  if (tried) return "tried already by this request";
  if (server.draining) return "draining";
  if (weight === 0) return "weight 0";
  if (trustedChosen && !isTrusted(snapshot)) {
    const state = stateOf(server, snapshot);
    return state === "unhealthy"
      ? "unhealthy, and healthy ones are preferred"
      : "ejected, and others are preferred";
  }
  if (limit !== 0 && active >= limit) return `works on ${active} of ${limit} requests`;
  if (standing === "trial" && active > 0) return "on trial and busy";
  // Between the look at the candidates and the one that is told, another thread did something.
  return "could not take it a moment before";
}
