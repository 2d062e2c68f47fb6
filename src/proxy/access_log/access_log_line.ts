import type { RequestRecord } from "../request_record.ts";

/** What the status of a request is in the log whose client left before its response, as in nginx. */
const CLIENT_CLOSED_REQUEST = 499;

/** Makes a line of the record of a request. */
export interface LineFormat {
  /**
   * The line, with its line feed.
   *
   * @param record The request, which is over.
   * @param arrival When it came, in milliseconds since 1970.
   */
  line(record: RequestRecord, arrival: number): string;
}

/** The status that is logged: the response's, and 499 where the client left before there was one. */
export function loggedStatus(record: RequestRecord): number {
  return record.failure === "client_gone" && !record.answered
    ? CLIENT_CLOSED_REQUEST
    : record.status;
}
