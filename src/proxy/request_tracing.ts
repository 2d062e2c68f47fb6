import type { IncomingRequest } from "./incoming.ts";
import type { RequestObserver, RequestRecord } from "./request_record.ts";

/** Tells a tracing system of the requests that go to servers. */
export interface RequestTracing extends RequestObserver {
  /**
   * A request is about to go to a server, or to one after the other.
   *
   * @param outgoing What is to be sent.
   * @param record What is noted of it.
   * @returns The same with the fields by which the server can continue the trace. Never rejects.
   */
  begin(outgoing: IncomingRequest, record: RequestRecord): Promise<IncomingRequest>;
}
