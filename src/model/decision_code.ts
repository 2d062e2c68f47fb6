/** Codes for why a policy passed over a candidate. */
export const NOTE_CODES = [
  /** The policy chose another one and gives no reason. */
  "not_chosen",
  /** It had more active requests for its weight. */
  "larger_key",
  /** It had the same key as the server that was picked, whose turn it was. */
  "tie",
  /** Its turn comes later (`round_robin`). */
  "later_turn",
  /** It is farther from the client (`client_hash`). */
  "farther",
  /** It was not drawn (`random_two_choices`). */
  "not_drawn",
  /** The client's cookie names another one. */
  "other_session",
] as const;

/** See {@linkcode NOTE_CODES}. */
export type NoteCode = typeof NOTE_CODES[number];

/** Codes for why a server was picked or not. */
export const CANDIDATE_CODES = [
  /** It was picked. */
  "chosen",
  ...NOTE_CODES,
  /** This request was already sent to it. */
  "tried",
  /** It takes no new requests. */
  "draining",
  /** Its weight is 0. */
  "no_weight",
  /** It is unhealthy, and others are not. */
  "unhealthy",
  /** It is ejected, and others are not. */
  "ejected",
  /** It is at its connection limit. */
  "full",
  /** It is being probed, and its one probing request is in flight. */
  "trial_busy",
  /** Another thread changed it at the same moment. */
  "raced",
] as const;

/** See {@linkcode CANDIDATE_CODES}. */
export type CandidateCode = typeof CANDIDATE_CODES[number];

/** Codes for what decided where a request went. */
export const DECISION_CODES = [
  /** The policy. */
  "policy",
  /** The client's session cookie names the server. */
  "session",
  /** No healthy server could take it, so an unhealthy or ejected one was picked. */
  "fallback",
  /** There were servers, and none could take it. */
  "none_available",
  /** There was no server. */
  "no_server",
] as const;

/** See {@linkcode DECISION_CODES}. */
export type DecisionCode = typeof DECISION_CODES[number];
