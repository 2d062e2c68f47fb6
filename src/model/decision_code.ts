import type { Decision } from "./decision.ts";

/** Why a server was picked or not, for programs. */
export type CandidateCode = Decision["candidates"][number]["code"];

/** The kind of a decision, for programs. */
export type DecisionCode = Decision["code"];

/** The codes with which a policy explains why it passed over a candidate. */
export const NOTE_CODES = [
  "not_chosen",
  "larger_key",
  "tie",
  "later_turn",
  "farther",
  "not_drawn",
  "other_session",
] as const satisfies readonly CandidateCode[];

/** All codes of candidates. */
export const CANDIDATE_CODES = [
  "chosen",
  ...NOTE_CODES,
  "tried",
  "draining",
  "no_weight",
  "unhealthy",
  "ejected",
  "full",
  "trial_busy",
  "raced",
] as const satisfies readonly CandidateCode[];

/** All codes of decisions. */
export const DECISION_CODES = [
  "policy",
  "session",
  "fallback",
  "none_available",
  "no_server",
] as const satisfies readonly DecisionCode[];
