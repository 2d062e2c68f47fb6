import type { Clock } from "../runtime/clock.ts";
import type { ErrorCode } from "../model/errors.ts";
import { logCallFailure } from "../model/guarded_call.ts";
import type { TrafficTable } from "../state/traffic_table.ts";
import { REQUEST_ID_FIELD, type RequestIds } from "./request_id.ts";
import { RequestRecord } from "./request_record.ts";

/** Failures of content in transit that count against the server. */
const SERVER_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "incomplete",
  "bad_response",
  "response_timeout",
]);

/** Receives the records of requests that are over. */
export interface RequestObserver {
  /**
   * Called once for each request, when its response has been delivered or has failed; a response in
   * one piece counts as delivered when the platform has it.
   */
  ended(record: RequestRecord): void;
}

/** Creates the records of requests, and passes them to observers when their requests are over. */
export class Instrumentation {
  readonly #clock: Clock;
  readonly #observers: readonly RequestObserver[];
  readonly #ids: RequestIds | undefined;

  /**
   * @param clock The clock.
   * @param observers The observers.
   * @param ids Source of request ids. Default: requests have no ids.
   */
  constructor(clock: Clock, observers: readonly RequestObserver[], ids?: RequestIds) {
    this.#clock = clock;
    this.#observers = observers;
    this.#ids = ids;
  }

  /**
   * Begins the record of a request.
   *
   * @param request The client's request.
   * @param clientAddress IP address of the client; undefined if the platform does not know it.
   */
  begin(request: Request, clientAddress: string | undefined): RequestRecord {
    const record = new RequestRecord(request, this.#clock);
    record.clientAddress = clientAddress;
    if (this.#ids !== undefined) {
      record.id = this.#ids.choose(request.headers.get(REQUEST_ID_FIELD));
    }
    return record;
  }

  /** Ends a record. Never throws: a failing observer must not leave the request active. */
  end(record: RequestRecord): void {
    if (record.duration === 0) record.duration = record.elapsed();
    for (const observer of this.#observers) {
      try {
        observer.ended(record);
      } catch (error) {
        // Spans go through the program's own exporters and processors.
        logCallFailure("tell an observer of a request", error);
      }
    }
  }
}

/** Counts requests by the server that answered them, or by the reason why none did. */
export class TrafficCounter implements RequestObserver {
  readonly #traffic: TrafficTable;

  /** @param traffic The table of counts. */
  constructor(traffic: TrafficTable) {
    this.#traffic = traffic;
  }

  /** See {@linkcode RequestObserver}. */
  ended(record: RequestRecord): void {
    const { answered, slot, failure } = record;
    if (!answered) return this.#traffic.countRefusal(failure ?? "internal");
    this.#traffic.countRequest(slot, record);
    if (failure !== undefined && SERVER_FAILURES.has(failure)) {
      this.#traffic.countFailure(slot, "response");
    }
  }
}
