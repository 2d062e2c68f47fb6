/** Codes for why a policy passed over a candidate. */
export type NoteCode =
  /** The policy chose another one and gives no reason. */
  | "not_chosen"
  /** It had more active requests for its weight. */
  | "larger_key"
  /** It had the same key as the server that was picked, whose turn it was. */
  | "tie"
  /** Its turn comes later (`round_robin`). */
  | "later_turn"
  /** It is farther from the client (`client_hash`). */
  | "farther"
  /** It was not drawn (`random_two_choices`). */
  | "not_drawn"
  /** The client's cookie names another one. */
  | "other_session";

/** All of them. */
export const NOTE_CODES = [
  "not_chosen",
  "larger_key",
  "tie",
  "later_turn",
  "farther",
  "not_drawn",
  "other_session",
] as const satisfies readonly NoteCode[];

/** Codes for why a server was picked or not. */
export type CandidateCode =
  /** It was picked. */
  | "chosen"
  | NoteCode
  /** This request was already sent to it. */
  | "tried"
  /** It takes no new requests. */
  | "draining"
  /** Its weight is 0. */
  | "no_weight"
  /** It is unhealthy, and others are not. */
  | "unhealthy"
  /** It is ejected, and others are not. */
  | "ejected"
  /** It is at its connection limit. */
  | "full"
  /** It is being probed, and its one probing request is in flight. */
  | "trial_busy"
  /** Another thread changed it at the same moment. */
  | "raced";

/** All of them. */
export const CANDIDATE_CODES = [
  ...NOTE_CODES,
  "chosen",
  "tried",
  "draining",
  "no_weight",
  "unhealthy",
  "ejected",
  "full",
  "trial_busy",
  "raced",
] as const satisfies readonly CandidateCode[];

/** Codes for what decided where a request went. */
export type DecisionCode =
  /** The policy. */
  | "policy"
  /** The client's session cookie names the server. */
  | "session"
  /** No healthy server could take it, so an unhealthy or ejected one was picked. */
  | "fallback"
  /** There were servers, and none could take it. */
  | "none_available"
  /** There was no server. */
  | "no_server";

/** All of them. */
export const DECISION_CODES = [
  "policy",
  "session",
  "fallback",
  "none_available",
  "no_server",
] as const satisfies readonly DecisionCode[];
