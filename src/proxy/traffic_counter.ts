import type { TrafficTable } from "../core/traffic_table.ts";
import type { RequestObserver, RequestRecord } from "./request_record.ts";

/** Counts each request that is over, by the server that answered it or by why none did. */
export class TrafficCounter implements RequestObserver {
  readonly #traffic: TrafficTable;

  /** @param traffic Where to count. */
  constructor(traffic: TrafficTable) {
    this.#traffic = traffic;
  }

  /** A request is over. */
  ended(record: RequestRecord): void {
    if (record.answered) this.#traffic.countRequest(record.slot, record);
    else this.#traffic.countRefusal(record.failure ?? "internal");
  }
}
