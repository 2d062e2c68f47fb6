/** Where a request was sent, and why. */
export interface Decision {
  /** Sequence number: one more than that of the decision before. */
  readonly number: number;
  /** When the server was picked. */
  readonly at: Date;
  /** The request. */
  readonly request: {
    /** The request ID that logs show; undefined where it has none. */
    readonly id: string | undefined;
    /** Its method. */
    readonly method: string;
    /** Its path, at most 256 characters, without the query, which may hold secrets. */
    readonly path: string;
    /** The client's IP address; undefined where the platform does not report it. */
    readonly client: string | undefined;
  };
  /** 1 for the request's first server, 2 for the one after that failed, and so on. */
  readonly attempt: number;
  /** The name of the policy; `custom` for a caller's own. */
  readonly policy: string;
  /** The URL of the server that was picked; undefined if no server could take the request. */
  readonly chosen: string | undefined;
  /** The kind of decision, for programs. */
  readonly code:
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
  /** The reason for it, for people. */
  readonly reason: string;
  /**
   * The servers: first the one that was picked, then the closest candidates, then the ineligible
   * ones. At most 32.
   */
  readonly candidates: readonly {
    /** The server's URL. */
    readonly url: string;
    /** Its name. */
    readonly name: string;
    /**
     * Its state. `up`: it took requests. `unhealthy`: its health checks failed, so that it got requests
     * only where no healthy server was left. `ejected`: it had failed too many requests, and was
     * treated the same. `on_trial`: it had been ejected, and was probed with one request at a time.
     * `draining`: it was being drained, or its weight was 0.
     */
    readonly state: "up" | "unhealthy" | "ejected" | "on_trial" | "draining";
    /** Its effective weight: less than the configured one during slow start. */
    readonly weight: number;
    /** Its active requests, not counting this one. */
    readonly active: number;
    /** The policy's key for it, for people; undefined where the policy computed none. */
    readonly key: string | undefined;
    /** Why it was picked, or why not, for programs. */
    readonly code:
      /** It was picked. */
      | "chosen"
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
      | "other_session"
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
    /** The same for people. */
    readonly verdict: string;
  }[];
  /** Number of further servers, which are not listed. */
  readonly omitted: number;
}

/** See {@linkcode Decision.request}. */
export type DecidedRequest = Decision["request"];

/** See {@linkcode Decision.candidates}. */
export type DecisionCandidate = Decision["candidates"][number];

/** A decision as the thread that made it reports it. */
export type DecisionNews = Omit<Decision, "number">;

/** The most servers that a decision lists. */
export const CANDIDATES_MAX = 32;

/** A receiver of decisions: the log itself, or a thread's channel to it. */
export interface DecisionSink {
  /** Whether decisions are recorded at all. */
  readonly recording: boolean;
  /** Records a decision. */
  add(news: DecisionNews): void;
  /** Counts a request whose decision is not recorded, as there are too many. */
  skip(): void;
}
