import type { Clock } from "../runtime/clock.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { BalancerError } from "../model/errors.ts";
import type { StateTable } from "../state/state_table.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import { writeRelayed } from "./log_relay.ts";
import type {
  CertificateMessage,
  ChangeMessage,
  FromWorker,
  StartMessage,
  ToWorker,
} from "./messages.ts";

/** How often the main thread checks that a worker is alive, in milliseconds. */
const WATCH_MS = 2500;
/** Checks in a row without a heartbeat after which a worker counts as dead. */
const MISSED_MAX = 4;

/** How long a worker may take to log the requests that it aborts, in milliseconds. */
const BREAK_OFF_MS = 1000;

/** Options of a {@linkcode WorkerThread}. */
export interface WorkerThreadOptions {
  /** The module that the worker runs. */
  readonly entry: URL;
  /** The first message. */
  readonly start: StartMessage;
  /** The state table, which has the worker's heartbeat. */
  readonly table: StateTable;
  /** The timers. */
  readonly clock: Clock;
  /** Receives the worker's reports for outlier ejection. */
  readonly report: (report: OutlierReport) => void;
  /** Receives its routing decisions. Default: none. */
  readonly decisions?: DecisionLog | undefined;
  /** Writes whole lines of the access log. */
  readonly writeAccessLog: (lines: string) => void;
  /** Called once if the worker ends unexpectedly. */
  readonly onDeath: (why: string) => void;
}

/** The main thread's side of one worker. */
export class WorkerThread {
  readonly #worker: Worker;
  readonly #options: WorkerThreadOptions;
  readonly #listening = Promise.withResolvers<number>();
  readonly #stopped = Promise.withResolvers<void>();
  /** The changes that the worker has not confirmed yet. */
  readonly #pending = new Map<number, () => void>();
  #cancelWatch: () => void = () => {};
  #ended = false;

  /** @param options The options. */
  constructor(options: WorkerThreadOptions) {
    this.#options = options;
    this.#worker = new Worker(options.entry, { type: "module", name: "ballast-worker" });
    this.#worker.addEventListener(
      "message",
      ({ data }: MessageEvent<FromWorker>) => this.#receive(data),
    );
    this.#worker.addEventListener("error", (event) => {
      // Otherwise the error would end the main thread as well.
      event.preventDefault();
      this.#die(event.message);
    });
    this.#post(options.start);
    this.#watch(undefined, 0);
  }

  /**
   * Waits until it accepts connections.
   *
   * @returns The port.
   * @throws The error that `Deno.serve` threw, or {@linkcode BalancerError} if the worker died.
   */
  listening(): Promise<number> {
    return this.#listening.promise;
  }

  /** Sends the worker a change, and waits until it has applied it or has ended. */
  change(message: ChangeMessage | CertificateMessage): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.set(message.change, resolve);
    this.#post(message);
    return promise;
  }

  /** Turns the recording of decisions on or off. */
  record(recording: boolean): void {
    if (!this.#ended) this.#post({ type: "decisions", recording });
  }

  /** Lets the worker finish its open requests, accepting no more; resolves at its end. */
  async stop(): Promise<void> {
    if (!this.#ended) this.#post({ type: "stop" });
    await this.#stopped.promise;
    this.terminate();
  }

  /** Ends the worker soon: its open requests are aborted, and logged if that is quick. */
  async breakOff(): Promise<void> {
    if (this.#ended) return;
    this.#post({ type: "break_off" });
    const cancel = this.#options.clock.after(BREAK_OFF_MS, () => this.terminate());
    await this.#stopped.promise;
    cancel();
    this.terminate();
  }

  /**
   * Ends the worker at once.
   *
   * @param why The reason that callers of {@linkcode WorkerThread.listening} get.
   */
  terminate(why = "it was terminated"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelWatch();
    this.#worker.terminate();
    this.#stopped.resolve();
    this.#listening.reject(new BalancerError("internal", `Cannot start a worker: ${why}`));
    this.#listening.promise.catch(() => {});
    for (const confirm of this.#pending.values()) confirm();
    this.#pending.clear();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case "listening":
        return this.#listening.resolve(message.port);
      case "failed":
        return this.#listening.reject(listenError(message.name, message.message));
      case "changed":
        this.#pending.get(message.change)?.();
        this.#pending.delete(message.change);
        return;
      case "stopped":
        return this.#stopped.resolve();
      case "report":
        return this.#options.report(message.report);
      case "decision":
        return this.#options.decisions?.add(message.news);
      case "skipped":
        return this.#options.decisions?.skip(message.count);
      case "lines":
        return this.#options.writeAccessLog(message.lines);
      case "log":
        return writeRelayed(message);
    }
  }

  /** Watches the heartbeat: a worker that hangs, or closed itself, reports nothing. */
  #watch(heartbeat: number | undefined, missed: number): void {
    const { table, start, clock } = this.#options;
    this.#cancelWatch = clock.after(WATCH_MS, () => {
      const now = table.heartbeats(start.thread);
      if (now !== heartbeat) this.#watch(now, 0);
      else if (missed + 1 < MISSED_MAX) this.#watch(now, missed + 1);
      else this.#die(`no heartbeat for ${WATCH_MS * MISSED_MAX / 1000} s`);
    });
  }

  #die(why: string): void {
    if (this.#ended) return;
    this.terminate(why);
    this.#options.onDeath(why);
  }
}

/** The worker's exception, of its own class where that is one of Deno's errors. */
function listenError(name: string, message: string): Error {
  const ErrorClass = Object.hasOwn(Deno.errors, name)
    ? Deno.errors[name as keyof typeof Deno.errors]
    : Error;
  return new ErrorClass(message);
}
