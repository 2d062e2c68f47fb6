import type { Clock } from "../runtime/clock.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import type { CountedRequest } from "../state/traffic_table.ts";
import type { ConnectionUse, TransferRecord } from "../upstream/transport.ts";

/**
 * Record of one request, filled in while it is in flight. Times are in milliseconds from its
 * arrival.
 */
export class RequestRecord implements TransferRecord, CountedRequest {
  readonly #clock: Clock;
  /** Clock time of its arrival, in milliseconds. */
  readonly arrivedAt: number;
  /** The client's request. */
  readonly request: Request;
  /** Method. */
  readonly method: string;
  /** URL, with the requested host. */
  readonly url: string;
  /** IP address of the client; undefined if the platform does not know it. */
  clientAddress: string | undefined;
  /** Id in logs, which servers get as well; undefined if no log needs one. */
  id: string | undefined;
  /** Number of attempts. */
  attempts = 0;
  /** Slot of the server of the latest attempt; -1 before the first. */
  slot = -1;
  /** Server of the latest attempt. */
  server: Server | undefined;
  /** Time in the queue, in milliseconds. */
  queueTime = 0;
  /** See {@linkcode TransferRecord}. */
  connection: ConnectionUse = "none";
  /** See {@linkcode TransferRecord}. */
  connectTime = 0;
  /** See {@linkcode TransferRecord}. */
  bytesSent = 0;
  /** See {@linkcode TransferRecord}. */
  bytesReceived = 0;
  /** See {@linkcode TransferRecord}. */
  failure: ErrorCode | undefined;
  /** Whether a server has responded. */
  answered = false;
  /** Time at which the head of the response arrived. */
  answeredAfter = 0;
  /** Time at which it was over; 0 until then. */
  duration = 0;
  /** Status of the response to the client; 0 before. */
  status = 0;
  /** Length of the content of a local reply, in bytes. */
  localContent = 0;

  /**
   * @param request The client's request.
   * @param clock The clock.
   */
  constructor(request: Request, clock: Clock) {
    this.#clock = clock;
    this.arrivedAt = clock.now();
    this.request = request;
    this.method = request.method;
    this.url = request.url;
  }

  /** Length of the content sent to the client, in bytes. */
  get bytesReturned(): number {
    return this.answered ? this.bytesReceived : this.localContent;
  }

  /** Begins an attempt, and discards the values of the previous one. */
  beginAttempt({ server, slot }: Entry): void {
    this.attempts++;
    this.slot = slot;
    this.server = server;
    this.connection = "none";
    this.connectTime = 0;
    this.bytesSent = 0;
    this.bytesReceived = 0;
  }

  /** Notes that the head of a server's response has arrived. */
  noteResponse(): void {
    this.answered = true;
    this.answeredAfter = this.elapsed();
  }

  /** Notes a local reply. */
  noteLocalReply({ status, headers }: Response): void {
    this.failure ??= "bad_request";
    this.answered = false;
    this.status = status;
    // A client that has disconnected gets no content.
    if (this.method !== "HEAD" && this.failure !== "client_gone") {
      this.localContent = Number(headers.get("content-length"));
    }
  }

  /** Ends the record at the arrival of the response's head, which saves reading the clock again. */
  endAtAnswer(): void {
    this.duration = this.answeredAfter;
  }

  /** Time since its arrival. */
  elapsed(): number {
    return this.#clock.now() - this.arrivedAt;
  }
}
