import type { DecidedRequest, DecisionSink } from "../model/decision.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type { ExplainedPick } from "./explained_pick.ts";
import type { RequestRecord } from "./request_record.ts";

/** How many decisions a thread records in a second; a second's worth can come at once. */
const RATE_MAX = 200;
/** How many servers cost as much to look at as a decision costs beside them. */
const SERVERS_PER_DECISION = 100;
/** How much of a path is kept, in UTF-16 code units. */
const PATH_MAX = 256;

/** What a {@linkcode DecisionRecorder} works with. */
export interface DecisionRecorderParts {
  /** Tells the time of day. */
  readonly date: () => Date;
  /** The policy's name. */
  readonly policy: string;
  /** Where decisions go. */
  readonly sink: DecisionSink;
}

/** A request whose picks are recorded. */
export interface RecordedRequest {
  /** As it goes to the servers. */
  readonly request: Pick<UpstreamRequest, "method" | "target">;
  /** The client's IP address; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /** What else is noted of it, if anything is. */
  readonly record: RequestRecord | undefined;
}

/** Records why requests go where they go, of so many that it does not slow down the others. */
export class DecisionRecorder {
  readonly #parts: DecisionRecorderParts;
  /** How many decisions may be recorded now. */
  #allowance = RATE_MAX;
  #since = 0;

  /** @param parts What to work with. */
  constructor(parts: DecisionRecorderParts) {
    this.#parts = parts;
  }

  /** Whether anyone wants to know. */
  get recording(): boolean {
    return this.#parts.sink.recording;
  }

  /**
   * Decides whether the picks for a request are recorded: all of them or none, so that a request
   * which is tried again is seen as one.
   *
   * @param now The time, in milliseconds; it may be a little old.
   */
  admit(now: number): boolean {
    this.#allowance = Math.min(RATE_MAX, this.#allowance + (now - this.#since) * RATE_MAX / 1000);
    this.#since = now;
    if (this.#allowance >= 1) return true;
    this.#parts.sink.skip();
    return false;
  }

  /**
   * Records a pick.
   *
   * @param recorded The request that it was made for.
   * @param pick The pick.
   * @param options How many servers the request has had with this one, and the URL of it.
   */
  record(
    recorded: RecordedRequest,
    pick: ExplainedPick,
    { attempt, chosen }: { attempt: number; chosen: string | undefined },
  ): void {
    const { date, policy, sink } = this.#parts;
    if (!sink.recording) return;
    this.#allowance -= 1 + pick.size / SERVERS_PER_DECISION;
    sink.add({
      at: date(),
      request: describe(recorded),
      attempt,
      policy,
      chosen,
      ...pick.report(),
    });
  }
}

function describe({ request, clientAddress, record }: RecordedRequest): DecidedRequest {
  const { method, target } = request;
  const path = target.split("?", 1)[0]!;
  return {
    id: record?.id,
    method,
    path: path.length > PATH_MAX ? `${path.slice(0, PATH_MAX - 1)}…` : path,
    client: clientAddress,
  };
}
