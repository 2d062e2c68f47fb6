import type { Clock } from "../runtime/clock.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { BalancerError } from "../model/errors.ts";
import type { StateTable } from "../state/state_table.ts";
import type { OutlierReport } from "../proxy/failure_watch.ts";
import { writeRelayed } from "./log_relay.ts";
import type {
  CertificateMessage,
  ChangeMessage,
  FromWorker,
  StartMessage,
  ToWorker,
} from "./messages.ts";

/** How often the main thread looks whether a worker is alive, in milliseconds. */
const WATCH_MS = 2500;
/** How many looks in a row may find that a worker has done nothing; then it counts as dead. */
const MISSED_MAX = 4;

/** How long a worker may take to log what it breaks off, in milliseconds. */
const BREAK_OFF_MS = 1000;

/** What a {@linkcode WorkerThread} needs. */
export interface WorkerThreadOptions {
  /** The module that the worker runs. */
  readonly entry: URL;
  /** What the worker starts with. */
  readonly start: StartMessage;
  /** Where it shows that it is alive. */
  readonly table: StateTable;
  /** The timers. */
  readonly clock: Clock;
  /** Takes what the worker has to say about a server. */
  readonly report: (report: OutlierReport) => void;
  /** Takes why it gives requests to servers. Default: nothing does. */
  readonly decisions?: DecisionLog | undefined;
  /** Takes whole lines of the access log. */
  readonly writeAccessLog: (lines: string) => void;
  /** Called once if the worker comes to an end that nobody asked for. */
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

  /** @param options What to run, and with what. */
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

  /** Tells the worker of a change, and waits until it acts by it or is no more. */
  change(message: ChangeMessage | CertificateMessage): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#pending.set(message.change, resolve);
    this.#post(message);
    return promise;
  }

  /** Tells the worker whether decisions are recorded from now on. */
  record(recording: boolean): void {
    if (!this.#ended) this.#post({ type: "decisions", recording });
  }

  /** Lets the worker finish what is under way, accepting no more; resolves at its end. */
  async stop(): Promise<void> {
    if (!this.#ended) this.#post({ type: "stop" });
    await this.#stopped.promise;
    this.terminate();
  }

  /** Ends the worker soon: what is under way is broken off, and logged if that is quick. */
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
   * @param why What those who wait for it to listen are told.
   */
  terminate(why = "it was ended"): void {
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

  /** A worker that hangs in a loop, or was closed from inside, tells nobody. */
  #watch(pulse: number | undefined, missed: number): void {
    const { table, start, clock } = this.#options;
    this.#cancelWatch = clock.after(WATCH_MS, () => {
      const now = table.pulse(start.thread);
      if (now !== pulse) this.#watch(now, 0);
      else if (missed + 1 < MISSED_MAX) this.#watch(now, missed + 1);
      else this.#die(`it has shown no life for ${WATCH_MS * MISSED_MAX / 1000} s`);
    });
  }

  #die(why: string): void {
    if (this.#ended) return;
    this.terminate(why);
    this.#options.onDeath(why);
  }
}

/** The error that was thrown in the worker, as far as callers tell errors apart. */
function listenError(name: string, message: string): Error {
  const ErrorClass = Object.hasOwn(Deno.errors, name)
    ? Deno.errors[name as keyof typeof Deno.errors]
    : Error;
  return new ErrorClass(message);
}
