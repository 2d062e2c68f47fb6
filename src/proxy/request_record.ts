import type { Clock } from "../runtime/clock.ts";
import type { ErrorCode } from "../model/errors.ts";
import { logCallFailure } from "../model/guarded_call.ts";
import type { Entry } from "../state/registry.ts";
import type { Server } from "../model/server.ts";
import type { CountedRequest } from "../state/traffic_table.ts";
import type { ConnectionUse, TransferRecord } from "../upstream/transport.ts";
import { REQUEST_ID_FIELD, type RequestIds } from "./request_id.ts";

/** What is noted of a request while it is under way. Times are in milliseconds from its arrival. */
export class RequestRecord implements TransferRecord, CountedRequest {
  readonly #clock: Clock;
  /** When it came, in the clock's milliseconds. */
  readonly arrivedAt: number;
  /** The request as it came. */
  readonly request: Request;
  /** Its method. */
  readonly method: string;
  /** Its URL, with the host that was asked for. */
  readonly url: string;
  /** The client's IP address; undefined where the platform does not tell. */
  clientAddress: string | undefined;
  /** The id by which logs name it, and which servers are told; undefined where nobody wants one. */
  id: string | undefined;
  /** How many servers it was given to, one after the other. */
  attempts = 0;
  /** The slot of the server that it was given to last; -1 for none. */
  slot = -1;
  /** The server that it was given to last. */
  server: Server | undefined;
  /** How long it waited for a server, in milliseconds. */
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
  /** Whether a server's response answered it. */
  answered = false;
  /** When the head of the response was there. */
  answeredAfter = 0;
  /** When it was over; 0 until then. */
  duration = 0;
  /** The status of the response that the client was given; 0 before that. */
  status = 0;
  /** How long the content of the response was, where the balancer made that itself; in bytes. */
  ownContent = 0;

  /**
   * @param request The request as it came.
   * @param clock The time.
   */
  constructor(request: Request, clock: Clock) {
    this.#clock = clock;
    this.arrivedAt = clock.now();
    this.request = request;
    this.method = request.method;
    this.url = request.url;
  }

  /** How much content the client was given, in bytes. */
  get bytesReturned(): number {
    return this.answered ? this.bytesReceived : this.ownContent;
  }

  /** It is given to a server; what was noted of another one no longer counts. */
  beginTry({ server, slot }: Entry): void {
    this.attempts++;
    this.slot = slot;
    this.server = server;
    this.connection = "none";
    this.connectTime = 0;
    this.bytesSent = 0;
    this.bytesReceived = 0;
  }

  /** The head of a server's response is there. */
  noteAnswer(): void {
    this.answered = true;
    this.answeredAfter = this.elapsed();
  }

  /** A response of the balancer's own answers it. */
  noteRefusal({ status, headers }: Response): void {
    this.failure ??= "bad_request";
    this.answered = false;
    this.status = status;
    // Nobody reads what is for a client that left.
    if (this.method !== "HEAD" && this.failure !== "client_gone") {
      this.ownContent = Number(headers.get("content-length"));
    }
  }

  /** It ends as the head of the response comes, which saves asking for the time once more. */
  endAtAnswer(): void {
    this.duration = this.answeredAfter;
  }

  /** How long ago it came. */
  elapsed(): number {
    return this.#clock.now() - this.arrivedAt;
  }
}

/** Takes the records of requests that are over. */
export interface RequestObserver {
  /**
   * Called once for each request, when its response was delivered or could not be; one in one piece,
   * when the platform has it.
   */
  ended(record: RequestRecord): void;
}

/** Makes the records, and passes them on when their requests are over. */
export class Instrumentation {
  readonly #clock: Clock;
  readonly #observers: readonly RequestObserver[];
  readonly #ids: RequestIds | undefined;

  /**
   * @param clock The time.
   * @param observers What takes the records.
   * @param ids What gives requests their ids. Default: they have none.
   */
  constructor(clock: Clock, observers: readonly RequestObserver[], ids?: RequestIds) {
    this.#clock = clock;
    this.#observers = observers;
    this.#ids = ids;
  }

  /**
   * A request has come.
   *
   * @param request What the client sent.
   * @param clientAddress Its IP address; undefined where the platform does not tell.
   */
  begin(request: Request, clientAddress: string | undefined): RequestRecord {
    const record = new RequestRecord(request, this.#clock);
    record.clientAddress = clientAddress;
    if (this.#ids !== undefined) {
      record.id = this.#ids.choose(request.headers.get(REQUEST_ID_FIELD));
    }
    return record;
  }

  /** A request is over. Never throws: a failing observer must not leave the request counted. */
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
