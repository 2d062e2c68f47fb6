import type { DecidedRequest, DecisionSink } from "../model/decision.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type { ExplainedPick } from "./explained_pick.ts";
import type { RequestRecord } from "./request_record.ts";

/** The most decisions that a thread records in a second; all of them may come at once. */
const RATE_MAX = 200;
/** Number of servers in a decision that doubles the cost of recording it. */
const SERVERS_PER_DECISION = 100;
/** The longest path recorded, in UTF-16 code units. */
const PATH_MAX = 256;

/** Options of a {@linkcode DecisionRecorder}. */
export interface DecisionRecorderParts {
  /** Wall clock. */
  readonly date: () => Date;
  /** Name of the policy. */
  readonly policy: string;
  /** Receives the decisions. */
  readonly sink: DecisionSink;
}

/** A request whose picks are recorded. */
export interface RecordedRequest {
  /** The request as sent to servers. */
  readonly request: Pick<UpstreamRequest, "method" | "target">;
  /** IP address of the client; undefined if the platform does not know it. */
  readonly clientAddress: string | undefined;
  /** Record of the request, if there is one. */
  readonly record: RequestRecord | undefined;
}

/** Records picks with their reasons, at a limited rate so that requests are not slowed down. */
export class DecisionRecorder {
  readonly #parts: DecisionRecorderParts;
  /** Number of decisions that may be recorded now. */
  #allowance = RATE_MAX;
  #since = 0;

  /** @param parts The options. */
  constructor(parts: DecisionRecorderParts) {
    this.#parts = parts;
  }

  /** Whether decisions are wanted. */
  get recording(): boolean {
    return this.#parts.sink.recording;
  }

  /**
   * Decides whether the picks of a request are recorded: all or none, so that retries are complete.
   *
   * @param now The time, in milliseconds; it may lag a little.
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
   * @param recorded The request.
   * @param pick The pick.
   * @param options Number of the attempt, from 1, and URL of the server.
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
