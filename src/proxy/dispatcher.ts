import { getLogger } from "@logtape/logtape";
import type { DeadlineQueue, Deadlines } from "../runtime/deadlines.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import { BalancerError } from "../model/errors.ts";
import type { Entry } from "../state/registry.ts";
import type { Ejection, Limits, Retries, Timeouts } from "../model/settings.ts";
import type { TrafficTable } from "../state/traffic_table.ts";
import { CrossThreadQueue } from "../state/cross_thread_queue.ts";
import type { UpstreamRequest } from "../http1/message.ts";
import type {
  SendOptions,
  UpstreamResponse,
  UpstreamSocket,
  WebSocketTransport,
} from "../upstream/transport.ts";
import { AttemptRules } from "./attempt_rules.ts";
import type { DisconnectWatch } from "./disconnect_watch.ts";
import { failureKind } from "../health/failure_watch.ts";
import type { RecordedRequest } from "./decision_recorder.ts";
import type { IncomingRequest } from "./incoming_request.ts";
import type { PickerParts, PickFor } from "./picker.ts";
import type { RequestRecord } from "./request_record.ts";
import type { StickySession, StickySessions } from "./affinity/sticky.ts";
import { WaitingQueue } from "./waiting_queue.ts";

const logger = getLogger(["ballast", "proxy"]);

const NO_ATTEMPTS: readonly number[] = [];

/** Options of a {@linkcode Dispatcher}. */
export interface DispatcherParts extends PickerParts {
  /** Transport to the servers. */
  readonly transport: WebSocketTransport;
  /** Timers of queued requests. */
  readonly deadlines: Deadlines;
  /** Settings. */
  readonly settings: {
    readonly timeouts: Timeouts;
    readonly retries: Retries;
    readonly ejection: Ejection;
    readonly limits: Limits;
  };
  /** Receives reports on failing and recovered servers. */
  readonly report: (report: OutlierReport) => void;
  /** Session affinity. Default: none. */
  readonly sticky?: StickySessions | undefined;
  /** Table that counts attempts. Default: attempts are not counted. */
  readonly traffic?: TrafficTable | undefined;
}

/** Options for one request. */
export interface DispatchOptions {
  /** IP address of the client; undefined if the platform does not know it. */
  readonly clientAddress: string | undefined;
  /** Cancels the request when its client disconnects. */
  readonly disconnectWatch: DisconnectWatch;
  /** See {@linkcode SendOptions}. */
  readonly releaseContent: boolean;
  /** Record of the request. Default: none. */
  readonly record: RequestRecord | undefined;
}

/** Response of a server, at which the request is active until {@linkcode Dispatcher.release}. */
export interface Answer {
  /** The server. */
  readonly entry: Entry;
  /** Its response, or its side of a WebSocket. */
  readonly response: UpstreamResponse | UpstreamSocket;
  /** The client's session, if session affinity is on. */
  readonly session: StickySession | undefined;
}

/** Sends each request to one server after another until one responds or no retry is allowed. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #waiting: WaitingQueue;
  readonly #rules: AttemptRules;
  /** Cheap clock, at most one tick behind. */
  readonly #time: DeadlineQueue;

  /** @param parts The options. */
  constructor(parts: DispatcherParts) {
    const { table, deadlines, settings: { ejection, limits, retries, timeouts } } = parts;
    this.#parts = parts;
    this.#waiting = new WaitingQueue({
      deadlines,
      length: limits.queue,
      timeout: timeouts.queue * 1000,
      crossThread: table.memory.threads === 1
        ? undefined
        : new CrossThreadQueue(table.memory, table.thread),
    });
    this.#rules = new AttemptRules({ ...parts, waiting: this.#waiting, retries, ejection });
    this.#time = deadlines.queue(timeouts.queue * 1000);
  }

  /** How many requests are queued on this thread. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Sends a request to a server and waits for the head of its response.
   *
   * @param outgoing The request.
   * @param options The options.
   * @throws {BalancerError} `no_server`, `overloaded`, `queue_timeout`, or the failure of the last
   * attempt. The request is not active at any server then.
   */
  async send(outgoing: IncomingRequest, options: DispatchOptions): Promise<Answer> {
    const { sticky, traffic } = this.#parts;
    const { clientAddress, disconnectWatch, record } = options;
    this.#rules.countRequest(this.#time.now);
    const session = sticky?.begin(outgoing, clientAddress);
    const context = session ?? { clientAddress };
    const sent = session?.request ?? outgoing;
    const recorded = this.#parts.recorder?.recording ? this.#admit(outgoing, options) : undefined;
    let attempted = NO_ATTEMPTS;
    let failure: BalancerError | undefined;
    let failed: Entry | undefined;
    for (;;) {
      // The client may have disconnected during the failed attempt.
      if (failed !== undefined) disconnectWatch.check();
      if (disconnectWatch.cancellation.reason !== undefined) {
        throw disconnectWatch.cancellation.reason;
      }
      const picked = this.#rules.pick(attempted, context, recorded);
      const entry = picked === "full"
        ? await this.#wait({ attempted, context, recorded }, options)
        : picked;
      if (entry === undefined) throw failure ?? noServer();
      // Counted only here, as a retry needs another server.
      if (failed !== undefined) this.#countRetry(failed);
      try {
        const response = await this.#attempt(
          entry,
          { sent, webSocket: outgoing.webSocket },
          options,
        );
        this.#countConnection(entry, record);
        this.#rules.responded(entry, "receive" in response ? 101 : response.status);
        record?.noteResponse();
        return { entry, response, session };
      } catch (thrown) {
        this.#countConnection(entry, record);
        if (thrown instanceof BalancerError && thrown.source === "upstream") {
          traffic?.countFailure(entry.slot, failureKind(thrown));
        }
        this.release(entry.slot);
        if (!(thrown instanceof BalancerError)) throw thrown;
        failure = thrown;
        failed = entry;
      }
      const { url } = entry.server;
      logger.debug("{url} failed: {message}", { url, message: failure.message });
      attempted = [...attempted, entry.slot];
      const attempt = { request: outgoing, attempts: attempted.length, now: this.#time.now };
      if (!this.#rules.mayRetry(entry, failure, attempt)) throw failure;
    }
  }

  /** Ends a request that was active at the server in this slot, which a queued one may get. */
  release(slot: number): void {
    this.#rules.release(slot);
  }

  /** Counts a retry for the server that failed, unless its slot belongs to another one by now. */
  #countRetry({ server, slot }: Entry): void {
    const { registry, traffic } = this.#parts;
    if (registry.inSlot(slot)?.server.url === server.url) traffic?.count(slot, "retries");
  }

  /** Sends a request to a server. Not `async`: each promise on this path costs throughput. */
  #attempt(
    entry: Entry,
    { sent, webSocket }: { sent: UpstreamRequest; webSocket: boolean },
    { disconnectWatch, releaseContent, record }: DispatchOptions,
  ): Promise<UpstreamResponse | UpstreamSocket> {
    const { transport } = this.#parts;
    const { url } = entry.server;
    const options: SendOptions = {
      cancellation: disconnectWatch.cancellation,
      releaseContent,
      record,
    };
    record?.beginAttempt(entry);
    return webSocket ? transport.upgrade(url, sent, options) : transport.send(url, sent, options);
  }

  /** Counts the connection of an attempt, if there was one. */
  #countConnection({ slot }: Entry, record: RequestRecord | undefined): void {
    if (record === undefined || record.connection === "none") return;
    this.#parts.traffic?.countConnection(slot, record.connection === "reused");
  }

  /** The request, if its picks are to be recorded. */
  #admit(
    request: UpstreamRequest,
    { clientAddress, record }: DispatchOptions,
  ): RecordedRequest | undefined {
    if (!this.#parts.recorder!.admit(this.#time.now)) return undefined;
    return { request, clientAddress, record };
  }

  async #wait(
    { attempted, context, recorded }: PickFor,
    { disconnectWatch, record }: DispatchOptions,
  ): Promise<Entry | undefined> {
    const from = record?.elapsed() ?? 0;
    // Requests of disconnected clients must not fill the queue.
    disconnectWatch.listen();
    this.#parts.traffic?.countWait();
    try {
      return await this.#waiting.wait({
        pick: () => this.#rules.pickInTurn(attempted, context, recorded),
        firstAttempt: attempted.length === 0,
        cancellation: disconnectWatch.cancellation,
      });
    } finally {
      if (record !== undefined) record.queueTime += record.elapsed() - from;
    }
  }
}

function noServer(): BalancerError {
  return new BalancerError("no_server", "No server is available");
}
