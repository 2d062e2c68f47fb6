/** Why a policy did not pick a server that it could have picked, in a word for programs. */
export const NOTE_CODES = [
  /** It has taken another one, and does not say why. */
  "not_chosen",
  /** It had more active requests for its weight. */
  "larger_key",
  /** It was as good as the one that was picked, whose turn it was. */
  "tie",
  /** Others have waited longer for their turn (`round_robin`). */
  "later_turn",
  /** It is farther from the client (`client_hash`). */
  "farther",
  /** It was not among those that were drawn (`random_two_choices`). */
  "not_drawn",
  /** The client's cookie names another one. */
  "other_session",
] as const;

/** See {@linkcode NOTE_CODES}. */
export type NoteCode = typeof NOTE_CODES[number];

/** Why a server was picked or not, in a word for programs. */
export const CANDIDATE_CODES = [
  /** It was picked. */
  "chosen",
  ...NOTE_CODES,
  /** This request has tried it already. */
  "tried",
  /** It takes no new requests. */
  "draining",
  /** Its weight is 0. */
  "no_weight",
  /** It is unhealthy, and others are not. */
  "unhealthy",
  /** It is ejected, and others are not. */
  "ejected",
  /** It works on as many requests as it may. */
  "full",
  /** It is on trial, and the one request that decides is under way. */
  "trial_busy",
  /** Another thread has changed it in the same moment. */
  "raced",
] as const;

/** See {@linkcode CANDIDATE_CODES}. */
export type CandidateCode = typeof CANDIDATE_CODES[number];

/** What decided where a request went, in a word for programs. */
export const DECISION_CODES = [
  /** The policy. */
  "policy",
  /** The client's session is there, as its cookie says. */
  "session",
  /** No healthy server could take it, so that an unhealthy or ejected one was picked. */
  "fallback",
  /** There were servers, and none could take it. */
  "none_available",
  /** There was no server. */
  "no_server",
] as const;

/** See {@linkcode DECISION_CODES}. */
export type DecisionCode = typeof DECISION_CODES[number];
