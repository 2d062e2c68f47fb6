import type { ErrorCode } from "../model/errors.ts";
import type { TrafficTable } from "../state/traffic_table.ts";
import type { RequestObserver, RequestRecord } from "./request_record.ts";

/** Why content breaks off that is the server's fault. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "incomplete",
  "bad_response",
  "response_timeout",
]);

/** Counts each request that is over, by the server that answered it or by why none did. */
export class TrafficCounter implements RequestObserver {
  readonly #traffic: TrafficTable;

  /** @param traffic Where to count. */
  constructor(traffic: TrafficTable) {
    this.#traffic = traffic;
  }

  /** A request is over. */
  ended(record: RequestRecord): void {
    const { answered, slot, failure } = record;
    if (!answered) return this.#traffic.countRefusal(failure ?? "internal");
    this.#traffic.countRequest(slot, record);
    if (failure !== undefined && BROKEN_OFF.has(failure)) {
      this.#traffic.countFailure(slot, "response");
    }
  }
}
