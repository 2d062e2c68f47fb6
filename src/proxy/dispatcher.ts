import { getLogger } from "@logtape/logtape";
import type { DeadlineQueue, Deadlines } from "../runtime/deadlines.ts";
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
import type { DisconnectWatch } from "./disconnect_watch.ts";
import { AttemptRules } from "./attempt_rules.ts";
import { failureKind, type StandingReport } from "./failure_watch.ts";
import type { RecordedRequest } from "./decision_recorder.ts";
import type { IncomingRequest } from "./incoming.ts";
import type { PickerParts, PickFor } from "./picker.ts";
import type { RequestRecord } from "./request_record.ts";
import type { StickySession, StickySessions } from "./affinity/sticky.ts";
import { WaitingQueue } from "./waiting_queue.ts";

const logger = getLogger(["ballast", "proxy"]);

const NOTHING_TRIED: readonly number[] = [];

/** What a {@linkcode Dispatcher} works with. */
export interface DispatcherParts extends PickerParts {
  /** What moves the requests. */
  readonly transport: WebSocketTransport;
  /** The timer for requests that wait. */
  readonly deadlines: Deadlines;
  /** What to go by. */
  readonly settings: {
    readonly timeouts: Timeouts;
    readonly retries: Retries;
    readonly ejection: Ejection;
    readonly limits: Limits;
  };
  /** Takes what there is to say about a server. */
  readonly report: (report: StandingReport) => void;
  /** What keeps clients at a server. Default: nothing does. */
  readonly sticky?: StickySessions | undefined;
  /** Where tries are counted for operators to see. Default: nowhere. */
  readonly traffic?: TrafficTable | undefined;
}

/** How one request is dispatched. */
export interface DispatchOptions {
  /** The client's IP address; undefined where the platform does not tell. */
  readonly clientAddress: string | undefined;
  /** Calls the request off when its client has left. */
  readonly departure: DisconnectWatch;
  /** See {@linkcode SendOptions}. */
  readonly releaseContent: boolean;
  /** Where it is noted what becomes of it. Default: nowhere. */
  readonly record: RequestRecord | undefined;
}

/** What a server answered. The request is active there until {@linkcode Dispatcher.release}. */
export interface Answer {
  /** The server. */
  readonly entry: Entry;
  /** Its response, or its side of a WebSocket. */
  readonly response: UpstreamResponse | UpstreamSocket;
  /** The session of the client, where sessions are kept. */
  readonly session: StickySession | undefined;
}

/** Gives each request to one server after the other, until one answers or none may be tried. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #waiting: WaitingQueue;
  readonly #rules: AttemptRules;
  /** Its time is a tick old at most. */
  readonly #time: DeadlineQueue;

  /** @param parts What to work with. */
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

  /** How many requests wait on this thread for a server. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Sends a request to a server and waits for the head of its response.
   *
   * @param outgoing What to send.
   * @param options How.
   * @throws {BalancerError} `no_server`, `overloaded`, `queue_timeout`, or why the last server that
   * was tried did not answer. The request is active nowhere then.
   */
  async send(outgoing: IncomingRequest, options: DispatchOptions): Promise<Answer> {
    const { sticky, traffic } = this.#parts;
    const { clientAddress, departure, record } = options;
    this.#rules.countRequest(this.#time.now);
    const session = sticky?.begin(outgoing, clientAddress);
    const context = session ?? { clientAddress };
    const sent = session?.request ?? outgoing;
    const recorded = this.#parts.recorder?.recording ? this.#admit(outgoing, options) : undefined;
    let tried = NOTHING_TRIED;
    let failure: BalancerError | undefined;
    let failed: Entry | undefined;
    for (;;) {
      // It may have left while another server was tried.
      if (failed !== undefined) departure.look();
      if (departure.cancellation.reason !== undefined) throw departure.cancellation.reason;
      const picked = this.#rules.pick(tried, context, recorded);
      const entry = picked === "full"
        ? await this.#wait({ tried, context, recorded }, options)
        : picked;
      if (entry === undefined) throw failure ?? noServer();
      // Only now is it sure that there is another server to go on to.
      if (failed !== undefined) this.#countRetry(failed);
      try {
        const response = await this.#try(entry, { sent, webSocket: outgoing.webSocket }, options);
        this.#countConnection(entry, record);
        this.#rules.responded(entry, "receive" in response ? 101 : response.status);
        record?.noteAnswer();
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
      tried = [...tried, entry.slot];
      const attempt = { request: outgoing, attempts: tried.length, now: this.#time.now };
      if (!this.#rules.mayRetry(entry, failure, attempt)) throw failure;
    }
  }

  /** The server in this slot is done with a request: whoever waits for it may go there. */
  release(slot: number): void {
    this.#rules.release(slot);
  }

  /** Counts that a request goes on from a server, which may be gone by now, and its slot another's. */
  #countRetry({ server, slot }: Entry): void {
    const { registry, traffic } = this.#parts;
    if (registry.inSlot(slot)?.server.url === server.url) traffic?.countRetry(slot);
  }

  /** Gives a request to a server. Each `async` between here and the socket would be felt. */
  #try(
    entry: Entry,
    { sent, webSocket }: { sent: UpstreamRequest; webSocket: boolean },
    { departure, releaseContent, record }: DispatchOptions,
  ): Promise<UpstreamResponse | UpstreamSocket> {
    const { transport } = this.#parts;
    const { url } = entry.server;
    const options: SendOptions = { cancellation: departure.cancellation, releaseContent, record };
    record?.beginTry(entry);
    return webSocket ? transport.upgrade(url, sent, options) : transport.send(url, sent, options);
  }

  /** Counts the connection that a request was sent on, if there was one. */
  #countConnection({ slot }: Entry, record: RequestRecord | undefined): void {
    if (record === undefined || record.connection === "none") return;
    this.#parts.traffic?.countConnection(slot, record.connection === "reused");
  }

  /** The request, if it is among those of which it is recorded why they go where they go. */
  #admit(
    request: UpstreamRequest,
    { clientAddress, record }: DispatchOptions,
  ): RecordedRequest | undefined {
    if (!this.#parts.recorder!.admit(this.#time.now)) return undefined;
    return { request, clientAddress, record };
  }

  async #wait(
    { tried, context, recorded }: PickFor,
    { departure, record }: DispatchOptions,
  ): Promise<Entry | undefined> {
    const from = record?.elapsed() ?? 0;
    // Clients that have left must not fill the queue.
    departure.listen();
    this.#parts.traffic?.countWait();
    try {
      return await this.#waiting.wait({
        pick: () => this.#rules.pickInTurn(tried, context, recorded),
        first: tried.length === 0,
        cancellation: departure.cancellation,
      });
    } finally {
      if (record !== undefined) record.queueTime += record.elapsed() - from;
    }
  }
}

function noServer(): BalancerError {
  return new BalancerError("no_server", "There is no server that takes requests");
}
