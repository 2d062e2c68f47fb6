import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { BalancerError } from "../model/errors.ts";
import { reclaimCounts } from "../state/cross_thread_queue.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import { type Certificate, checkCertificate } from "../fronts/web/certificate.ts";
import type { Listener } from "../fronts/web/listener.ts";
import type { OutlierReport } from "../model/ejection_state.ts";
import { wantedLevel } from "./log_relay.ts";
import type { ChangeMessage } from "./messages.ts";
import { WorkerThread } from "./worker_thread.ts";

const logger = getLogger(["ballast", "workers"]);

/** The least time between two starts of the same worker, in milliseconds. */
const RESTART_MS = 1000;

/** Options of a {@linkcode WorkerPool}. */
export interface WorkerPoolOptions {
  /** The servers. One that is added later is opened once every worker knows it. */
  readonly registry: Registry;
  /** Their state; its memory has one thread for each worker, and one for the main thread. */
  readonly table: StateTable;
  /** The timers. */
  readonly clock: Clock;
  /** The settings of the workers. */
  readonly settings: ProxySettings;
  /** The address to accept connections on. */
  readonly hostname: string;
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** Receives the workers' reports for outlier ejection. */
  readonly report: (report: OutlierReport) => void;
  /** Receives the workers' routing decisions. Default: none. */
  readonly decisions?: DecisionLog;
  /** Writes whole lines of the access log. */
  readonly writeAccessLog: (lines: string) => void;
  /** The certificate for TLS, which was checked. Default: none, cleartext. */
  readonly certificate?: Certificate;
  /** The module that the workers run. Default: `worker.ts`. */
  readonly entry?: URL;
}

/**
 * Threads that accept connections on one port, each with its own data plane over one shared state
 * table, so that least connections counts the requests of all threads.
 *
 * A worker that dies is replaced, and its active requests are reclaimed.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** The workers by thread number; the first is thread 1. */
  readonly #workers = new Map<number, WorkerThread>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #finished = Promise.withResolvers<void>();
  /** The latest change of each slot, so that an outdated confirmation opens nothing. */
  readonly #latestChange = new Map<number, number>();
  /** Resolves when every change up to now has reached every worker. */
  #settled: Promise<unknown> = Promise.resolve();
  #changes = 0;
  #port: number;
  #certificate: Certificate | undefined;
  #stopping = false;
  readonly #cancelRestarts = new Map<number, () => void>();

  /** @param options The options. Nothing starts before {@linkcode WorkerPool.start}. */
  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#port = options.port;
    this.#certificate = options.certificate;
    this.#unsubscribe.push(options.registry.subscribe((event) => {
      this.#change(event.type, event.entry, event.type === "removed" ? event.drain : undefined);
    }));
    const unsubscribe = options.decisions?.onSwitch((recording) => {
      for (const worker of this.#workers.values()) worker.record(recording);
    });
    if (unsubscribe !== undefined) this.#unsubscribe.push(unsubscribe);
  }

  /**
   * Starts the workers.
   *
   * @returns When all of them accept connections.
   * @throws The exceptions of `Deno.serve`, for example if the port is taken. No worker is left then.
   */
  async start(): Promise<void> {
    const { hostname, port, table } = this.#options;
    try {
      // With reusePort, listening succeeds even where another program shares the port. That is refused.
      Deno.listen({ hostname, port }).close();
      this.#port = await this.#startWorker(1).listening();
      const others = Array.from({ length: table.memory.threads - 2 }, (_, i) => i + 2);
      await Promise.all(others.map((thread) => this.#startWorker(thread).listening()));
    } catch (error) {
      this.terminate();
      throw error;
    }
  }

  /** The port on which all workers accept connections. */
  get port(): number {
    return this.#port;
  }

  /** Whether the pool applies changes of the servers; false once it is being stopped. */
  get running(): boolean {
    return !this.#stopping;
  }

  /** Resolves when the pool has stopped. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Waits until every change of the servers that was made so far has reached every worker. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  /**
   * Uses another certificate for new connections, also on workers that start later. A worker that
   * cannot use it keeps the old one and logs why.
   *
   * @param certificate The new certificate, which was checked.
   */
  async replaceCertificate(certificate: Certificate): Promise<void> {
    if (this.#stopping) {
      throw new BalancerError("closed", "Cannot replace the certificate: the listener is closed");
    }
    this.#certificate = certificate;
    const message = { type: "certificate", change: ++this.#changes, certificate } as const;
    await Promise.all([...this.#workers.values()].map((worker) => worker.change(message)));
  }

  /**
   * Accepts no more connections, and resolves when the open requests are over. Can be called again.
   *
   * @param signal Aborts the open requests and ends every worker. Default: none.
   */
  async shutdown(signal?: AbortSignal): Promise<void> {
    this.#stop();
    if (signal?.aborted) return await this.#breakOff();
    signal?.addEventListener("abort", () => this.#breakOff(), { once: true });
    await Promise.all([...this.#workers.values()].map((worker) => worker.stop()));
    this.#finished.resolve();
  }

  /** Ends every worker at once. */
  terminate(): void {
    this.#stop();
    for (const worker of this.#workers.values()) worker.terminate();
    this.#finished.resolve();
  }

  async #breakOff(): Promise<void> {
    // Aborted requests only matter to the access log.
    if (this.#options.settings.accessLog !== undefined) {
      await Promise.all([...this.#workers.values()].map((worker) => worker.breakOff()));
    }
    this.terminate();
  }

  #stop(): void {
    this.#stopping = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    for (const cancel of this.#cancelRestarts.values()) cancel();
  }

  #startWorker(thread: number): WorkerThread {
    // The pool may have been stopped while the first worker was starting.
    if (this.#stopping) {
      throw new BalancerError("closed", "Cannot start a worker: the pool is closed");
    }
    const { registry, table, clock, settings, hostname, decisions } = this.#options;
    const startedAt = clock.now();
    const worker = new WorkerThread({
      entry: this.#options.entry ?? new URL("./worker.ts", import.meta.url),
      start: {
        type: "start",
        thread,
        memory: table.memory,
        entries: registry.entries(),
        settings,
        hostname,
        port: this.#port,
        certificate: this.#certificate,
        logLevel: wantedLevel(),
        recording: decisions?.recording ?? false,
      },
      table,
      clock,
      report: this.#options.report,
      decisions,
      writeAccessLog: this.#options.writeAccessLog,
      onDeath: (why) => this.#replace(thread, { why, startedAt }),
    });
    this.#workers.set(thread, worker);
    return worker;
  }

  #replace(thread: number, { why, startedAt }: { why: string; startedAt: number }): void {
    const { table, clock } = this.#options;
    logger.error("Worker {thread} died and is being replaced: {why}", { thread, why });
    reclaimCounts(table, thread);
    if (this.#stopping) return;
    // A worker that dies at its start must not be restarted in a busy loop.
    const wait = Math.max(0, startedAt + RESTART_MS - clock.now());
    this.#cancelRestarts.set(
      thread,
      clock.after(wait, () => {
        this.#startWorker(thread).listening().then(
          () => logger.info("Worker {thread} accepts connections", { thread }),
          (error) => logger.error("Worker {thread} cannot listen: {error}", { thread, error }),
        );
      }),
    );
  }

  #change(type: ChangeMessage["type"], entry: Entry, drain: number | undefined): void {
    const { table } = this.#options;
    const change = ++this.#changes;
    this.#latestChange.set(entry.slot, change);
    const message = { type, change, entry, drain } as const;
    const made = Promise.all([...this.#workers.values()].map((worker) => worker.change(message)))
      .then(() => {
        if (this.#latestChange.get(entry.slot) !== change) return;
        this.#latestChange.delete(entry.slot);
        // This change may have overtaken the one that added the server.
        if (type !== "removed" && !table.isOpen(entry.slot)) table.open(entry.slot);
      });
    // Without the last step, each promise would retain the results of all before it.
    this.#settled = Promise.all([this.#settled, made]).then(() => {});
  }
}

/** Options of a pool that is used as a {@linkcode Listener}. */
export interface PoolListenOptions {
  /** The address on which the workers accept connections. */
  readonly hostname: string;
  /** Whether they serve TLS, so that the certificate can be replaced. */
  readonly secure: boolean;
  /** Ends every worker at once. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts a pool of workers as a listener.
 *
 * @param pool The workers.
 * @param options Their address, and the signal that ends them.
 * @throws The exceptions of `Deno.serve`, for example if the port is taken. No worker is left then.
 */
export async function startListener(
  pool: WorkerPool,
  { hostname, secure, signal }: PoolListenOptions,
): Promise<Listener> {
  async function replaceCertificate(certificate: Certificate): Promise<void> {
    checkCertificate(certificate);
    await pool.replaceCertificate(certificate);
  }
  signal?.addEventListener("abort", () => pool.terminate(), { once: true });
  await pool.start();
  return {
    addr: { hostname, port: pool.port },
    finished: pool.finished,
    shutdown: () => pool.shutdown(),
    ...(secure ? { replaceCertificate } : {}),
  };
}
