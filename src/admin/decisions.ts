import { z } from "zod";
import type { Decision } from "../model/decision.ts";
import { CANDIDATE_CODES, DECISION_CODES } from "../model/decision_code.ts";
import { SERVER_STATES } from "../model/server_state.ts";
import type { Answer } from "./operation.ts";

const count = z.int().min(0);

const CANDIDATE = z.object({
  url: z.string(),
  name: z.string(),
  state: z.enum(SERVER_STATES).describe("State at the time"),
  weight: z.number().min(0).describe("Effective weight"),
  active: count.describe("Active requests, without this one"),
  key: z.string().nullable().describe("Value that the policy compared"),
  code: z.enum(CANDIDATE_CODES).describe("Why it was picked or not, for programs"),
  verdict: z.string().describe("The same for people"),
});

const DECISION = z.object({
  number: z.int().min(1).describe("One more than that of the decision before"),
  at: z.iso.datetime(),
  request: z.object({
    id: z.string().nullable().describe("Number of the request in logs"),
    method: z.string(),
    path: z.string().describe("Without the query"),
    client: z.string().nullable().describe("The client's IP address"),
  }),
  attempt: z.int().min(1).describe("1 for the request's first server, 2 for its first retry"),
  policy: z.string().describe("Name of the policy; `custom` for the caller's own"),
  chosen: z.string().nullable().describe("The URL of the server that was picked"),
  code: z.enum(DECISION_CODES).describe("Reason for the choice, for programs"),
  reason: z.string().describe("The same for people"),
  candidates: z.array(CANDIDATE).describe("The server that was picked, then the closest ones"),
  omitted: count.describe("Number of further servers"),
}).meta({ id: "Decision" });

/** Answer of `/decisions`. */
export const DECISIONS = z.object({
  keep: count.describe("How many decisions are kept; 0 if none are recorded"),
  skipped: count.describe("Requests that were not recorded because there were too many"),
  latest: count.describe("Number of the latest decision; 0 before the first"),
  decisions: z.array(DECISION),
}).meta({ id: "Decisions" });

/** Routing decision as JSON. */
export type DecisionJson = Answer<typeof DECISION>;

/** Answer of `/decisions`. */
export type DecisionsJson = Answer<typeof DECISIONS>;

/** Writes a routing decision as JSON. */
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
