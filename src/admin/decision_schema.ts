import { z } from "zod";
import { CANDIDATE_CODES, DECISION_CODES } from "../model/decision_code.ts";
import { SERVER_STATES } from "../model/server_state.ts";
import type { DecisionsJson } from "./decision_json.ts";

const count = z.int().min(0);

const CANDIDATE = z.object({
  url: z.string(),
  name: z.string(),
  state: z.enum(SERVER_STATES).describe("How it stood"),
  weight: z.number().min(0).describe("The weight that counted"),
  active: count.describe("How many requests it was working on, this one not included"),
  key: z.string().nullable().describe("What the policy went by"),
  code: z.enum(CANDIDATE_CODES).describe("Why it was picked, or why not, for programs"),
  verdict: z.string().describe("The same for people"),
});

const DECISION = z.object({
  number: z.int().min(1),
  at: z.iso.datetime(),
  request: z.object({
    id: z.string().nullable(),
    method: z.string(),
    path: z.string().describe("Without the query"),
    client: z.string().nullable().describe("The client's IP address"),
  }),
  attempt: z.int().min(1).describe("1 for the request's first server"),
  policy: z.string(),
  chosen: z.string().nullable().describe("The URL of the server that was picked"),
  code: z.enum(DECISION_CODES).describe("What decided that, for programs"),
  reason: z.string().describe("Why that one, for people"),
  candidates: z.array(CANDIDATE).describe("First the one that was picked"),
  omitted: count.describe("How many further servers there were"),
}).meta({ id: "Decision" });

/** What `/decisions` answers, for its description. */
export const DECISIONS = z.object({
  keep: count.describe("How many decisions are kept; 0 while none are recorded"),
  skipped: count.describe("How many requests were not recorded, as there were too many"),
  latest: count.describe("The number of the latest decision; 0 before the first"),
  decisions: z.array(DECISION),
}).meta({ id: "Decisions" }) satisfies z.ZodType<DecisionsJson>;
