import type { CandidateCode, DecisionCode } from "./decision_code.ts";
import type { ServerState } from "./server_state.ts";

/** A server that a request could have gone to, or could not, as it was before the pick. */
export interface DecisionCandidate {
  /** The server's URL. */
  readonly url: string;
  /** Its name. */
  readonly name: string;
  /** How it stood. */
  readonly state: ServerState;
  /** The weight that counted: less than the configured one while it grows after a return. */
  readonly weight: number;
  /** How many requests it was working on, this one not included. */
  readonly active: number;
  /** What the policy went by, for people; undefined where it used none. */
  readonly key: string | undefined;
  /** Why it was picked, or why not, for programs. */
  readonly code: CandidateCode;
  /** The same for people. */
  readonly verdict: string;
}

/** The request that a server was picked for. */
export interface DecidedRequest {
  /** The number by which logs name it; undefined where it has none. */
  readonly id: string | undefined;
  /** Its method. */
  readonly method: string;
  /** Its path, at most 256 characters, without the query, which may hold secrets. */
  readonly path: string;
  /** The client's IP address; undefined where the platform does not tell. */
  readonly client: string | undefined;
}

/** Why a request went to a server. */
export interface Decision {
  /** Its number: one more than that of the decision before. */
  readonly number: number;
  /** When the server was picked. */
  readonly at: Date;
  /** The request. */
  readonly request: DecidedRequest;
  /** 1 for the request's first server, 2 for the one after that failed, and so on. */
  readonly attempt: number;
  /** The name of the policy; `custom` for a caller's own. */
  readonly policy: string;
  /** The URL of the server that was picked; undefined if there was none to go to. */
  readonly chosen: string | undefined;
  /** What decided that, for programs. */
  readonly code: DecisionCode;
  /** Why that one, for people. */
  readonly reason: string;
  /**
   * The servers: first the one that was picked, then those closest to it, then those that it could
   * not be. At most {@linkcode CANDIDATES_MAX}.
   */
  readonly candidates: readonly DecisionCandidate[];
  /** How many further servers there were. */
  readonly omitted: number;
}

/** A decision as the thread tells it that made it. */
export type DecisionNews = Omit<Decision, "number">;

/** How many servers a decision lists at most. */
export const CANDIDATES_MAX = 32;

/** Where decisions are kept, or what takes them there. */
export interface DecisionSink {
  /** Whether anyone wants them. */
  readonly recording: boolean;
  /** A server was picked. */
  add(news: DecisionNews): void;
  /** A request came for which nothing was recorded, as there are too many. */
  skip(): void;
}
