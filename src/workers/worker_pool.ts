import { getLogger } from "@logtape/logtape";
import type { Clock } from "../runtime/clock.ts";
import type { DecisionLog } from "../state/decision_log.ts";
import { BalancerError } from "../model/errors.ts";
import { reclaimCounts } from "../state/reclaim_counts.ts";
import type { Entry, Registry } from "../state/registry.ts";
import type { ProxySettings } from "../model/settings.ts";
import type { StateTable } from "../state/state_table.ts";
import type { Certificate } from "../fronts/web/certificate.ts";
import type { OutlierReport } from "../proxy/failure_watch.ts";
import { wantedLevel } from "./log_relay.ts";
import type { ChangeMessage } from "./messages.ts";
import { WorkerThread } from "./worker_thread.ts";

const logger = getLogger(["ballast", "workers"]);

/** The least time between two starts of the same worker, in milliseconds. */
const RESTART_MS = 1000;

/** What a {@linkcode WorkerPool} works with. */
export interface WorkerPoolOptions {
  /** The servers. Those that are added later are opened once every worker knows them. */
  readonly registry: Registry;
  /** Their state; its memory has a thread for each worker and one more, which is not a worker. */
  readonly table: StateTable;
  /** The timers. */
  readonly clock: Clock;
  /** What the workers go by. */
  readonly settings: ProxySettings;
  /** The address to accept connections on. */
  readonly hostname: string;
  /** The port; 0 takes a free one. */
  readonly port: number;
  /** Takes what the workers have to say about a server. */
  readonly report: (report: OutlierReport) => void;
  /** Takes why the workers give requests to servers. Default: nothing does. */
  readonly decisions?: DecisionLog;
  /** Takes whole lines of the access log. */
  readonly writeAccessLog: (lines: string) => void;
  /** What TLS is spoken with; checked. Default: none, cleartext. */
  readonly certificate?: Certificate;
  /** The module that the workers run. Default: the one for it. */
  readonly entry?: URL;
}

/**
 * Threads that accept connections on one port, each with a data plane of its own over one shared
 * state table: least connections is counted over all of them.
 *
 * A worker that dies is replaced, and the requests that it was working on no longer count.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  /** By the number of the thread in the state table; the first is thread 1. */
  readonly #workers = new Map<number, WorkerThread>();
  readonly #unsubscribe: (() => void)[] = [];
  readonly #finished = Promise.withResolvers<void>();
  /** What the latest change of each slot was, so that an outdated confirmation opens nothing. */
  readonly #latestChange = new Map<number, number>();
  /** Resolves when every change up to now has reached every worker. */
  #settled: Promise<unknown> = Promise.resolve();
  #changes = 0;
  #port: number;
  #certificate: Certificate | undefined;
  #stopping = false;
  readonly #cancelRestarts = new Map<number, () => void>();

  /** @param options What to work with. Nothing starts yet. */
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
   * @throws What `Deno.serve` throws, for example if the port is taken. No worker is left then.
   */
  async start(): Promise<void> {
    const { hostname, port, table } = this.#options;
    try {
      // Workers share their port with anyone who shares it too. Somebody else's is not to be shared.
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

  /** Whether the pool follows the changes of the servers; not any more once it was told to stop. */
  get running(): boolean {
    return !this.#stopping;
  }

  /** Resolves when the pool has come to its end. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Waits until every change of the servers that was made so far has reached every worker. */
  async settled(): Promise<void> {
    await this.#settled;
  }

  /**
   * Uses another certificate for connections that are made from now on, also on workers that are
   * started later. A worker that cannot keeps the old one and logs why.
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
   * Accepts no more, and resolves when what is under way is over. Harmless a second time.
   *
   * @param signal Breaks off what is under way, and ends every worker. Default: none.
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
    // Without an access log, nobody wants to know of what is broken off.
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
    // It may have been stopped while the first one was starting.
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
    logger.error("Worker {thread} died and is replaced: {why}", { thread, why });
    reclaimCounts(table, thread);
    if (this.#stopping) return;
    // One that dies at its start would otherwise be started again and again without a pause.
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
        // Before this change, one that added the server may have been outdated by it.
        if (type !== "removed" && !table.isOpen(entry.slot)) table.open(entry.slot);
      });
    // Without the last step each result would hold the one before, and so all there ever were.
    this.#settled = Promise.all([this.#settled, made]).then(() => {});
  }
}
