/** A routing decision: the server that was picked for a request, and why. */
export interface Decision {
  /** Sequence number, one more than that of the previous decision. */
  readonly number: number;
  /** When the server was picked. */
  readonly at: Date;
  /** The request. */
  readonly request: {
    /** The request ID as shown in logs; undefined if it has none. */
    readonly id: string | undefined;
    /** Its method. */
    readonly method: string;
    /** Its path, at most 256 characters, without the query, which may hold secrets. */
    readonly path: string;
    /** The client's IP address; undefined if the platform does not report it. */
    readonly client: string | undefined;
  };
  /** Number of the attempt: 1 for the request's first server, 2 for the first retry, and so on. */
  readonly attempt: number;
  /** The name of the policy; `custom` for a policy object. */
  readonly policy: string;
  /** The URL of the server that was picked; undefined if no server could take the request. */
  readonly chosen: string | undefined;
  /** How the server was picked, as a stable code. */
  readonly code:
    /** The policy picked it. */
    | "policy"
    /** The client's session cookie names the server. */
    | "session"
    /** No healthy server could take the request, so an unhealthy or ejected one was picked. */
    | "fallback"
    /** No server could take the request. */
    | "none_available"
    /** The balancer had no servers. */
    | "no_server";
  /** The reason, as text to display. */
  readonly reason: string;
  /**
   * At most 32 servers: first the one that was picked, then the other candidates in the policy's
   * order of preference, then the ineligible servers.
   */
  readonly candidates: readonly {
    /** The server's URL. */
    readonly url: string;
    /** Its name. */
    readonly name: string;
    /**
     * Its state. `up`: in rotation. `unhealthy`: its health checks failed, so it is eligible only
     * if no healthy server is left. `ejected`: it failed too many requests, with the same effect.
     * `on_trial`: its ejection is over, and it is probed with one request at a time. `draining`: it
     * takes no new requests, or its weight is 0.
     */
    readonly state: "up" | "unhealthy" | "ejected" | "on_trial" | "draining";
    /** Its effective weight: less than the configured one during slow start. */
    readonly weight: number;
    /** Its active requests, not counting this one. */
    readonly active: number;
    /** The key that the policy compared, as text to display; undefined if it computed none. */
    readonly key: string | undefined;
    /** Why it was or was not picked, as a stable code. */
    readonly code:
      /** It was picked. */
      | "chosen"
      /** The policy chose another server and gave no reason. */
      | "not_chosen"
      /** It had more active requests relative to its weight. */
      | "larger_key"
      /** It had the same key as the picked server, which was next in turn. */
      | "tie"
      /** Its turn comes later (`round_robin`). */
      | "later_turn"
      /** Its hash ranks lower for this client (`client_hash`). */
      | "farther"
      /** It was not drawn (`random_two_choices`). */
      | "not_drawn"
      /** The client's session cookie names another server. */
      | "other_session"
      /** An earlier attempt of this request went to it. */
      | "tried"
      /** It takes no new requests. */
      | "draining"
      /** Its weight is 0. */
      | "no_weight"
      /** It is unhealthy, and healthy servers are left. */
      | "unhealthy"
      /** It is ejected, and other servers are not. */
      | "ejected"
      /** It is at its connection limit. */
      | "full"
      /** It is being probed, and the probing request is still active. */
      | "trial_busy"
      /** Another thread picked or changed it at the same moment. */
      | "raced";
    /** The reason, as text to display. */
    readonly verdict: string;
  }[];
  /** Number of servers beyond those listed. */
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
