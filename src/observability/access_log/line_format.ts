import type { RequestRecord } from "../../proxy/request_record.ts";

/** Logged status if the client disconnected before its response, as in nginx. */
const CLIENT_CLOSED_REQUEST = 499;

/** Format of the access log. */
export interface LineFormat {
  /**
   * Formats the line of a request, including the line feed.
   *
   * @param record The record of the request.
   * @param arrival Time of its arrival, in milliseconds since 1970.
   */
  line(record: RequestRecord, arrival: number): string;
}

/** The logged status: the response's, or 499 if the client disconnected before it. */
export function loggedStatus(record: RequestRecord): number {
  return record.failure === "client_gone" && !record.answered
    ? CLIENT_CLOSED_REQUEST
    : record.status;
}
