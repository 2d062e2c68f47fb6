import type { Decision } from "../model/decision.ts";
import type { CandidateCode, DecisionCode } from "../model/decision_code.ts";
import type { ServerState } from "../model/server_state.ts";

/** Why a request went to a server, as the admin API writes it. */
export interface DecisionJson {
  /** Its number: one more than that of the decision before. */
  readonly number: number;
  /** When the server was picked, as RFC 3339. */
  readonly at: string;
  /** The request; its path is without the query. */
  readonly request: {
    /** The number by which logs name it; null where it has none. */
    readonly id: string | null;
    /** Its method. */
    readonly method: string;
    /** Its path. */
    readonly path: string;
    /** The client's IP address; null where it is not known. */
    readonly client: string | null;
  };
  /** 1 for the request's first server, 2 for the one after that failed, and so on. */
  readonly attempt: number;
  /** The name of the policy; `custom` for a caller's own. */
  readonly policy: string;
  /** The URL of the server that was picked; null if there was none to go to. */
  readonly chosen: string | null;
  /** What decided that, for programs. */
  readonly code: DecisionCode;
  /** Why that one, for people. */
  readonly reason: string;
  /** The servers: first the one that was picked, then by how close they came. */
  readonly candidates: readonly {
    /** The server's URL. */
    readonly url: string;
    /** Its name. */
    readonly name: string;
    /** How it stood. */
    readonly state: ServerState;
    /** The weight that counted. */
    readonly weight: number;
    /** How many requests it was working on, this one not included. */
    readonly active: number;
    /** What the policy went by; null where it used none. */
    readonly key: string | null;
    /** Why it was picked, or why not, for programs. */
    readonly code: CandidateCode;
    /** The same for people. */
    readonly verdict: string;
  }[];
  /** How many further servers there were. */
  readonly omitted: number;
}

/** What `/decisions` answers. */
export interface DecisionsJson {
  /** How many decisions are kept; 0 while none are recorded. */
  readonly keep: number;
  /** How many requests were not recorded, as there were too many. */
  readonly skipped: number;
  /** The number of the latest decision; 0 before the first. */
  readonly latest: number;
  /** Decisions, oldest first. */
  readonly decisions: readonly DecisionJson[];
}

/** A decision as JSON. */
export function decisionJson(decision: Decision): DecisionJson {
  const { number, at, request, attempt, policy, chosen, code, reason } = decision;
  const { candidates, omitted } = decision;
  return {
    number,
    at: at.toISOString(),
    request: {
      id: request.id ?? null,
      method: request.method,
      path: request.path,
      client: request.client ?? null,
    },
    attempt,
    policy,
    chosen: chosen ?? null,
    code,
    reason,
    candidates: candidates.map(({ key, code, verdict, ...candidate }) => ({
      ...candidate,
      key: key ?? null,
      code,
      verdict,
    })),
    omitted,
  };
}
