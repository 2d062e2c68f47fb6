/**
 * A thread that accepts connections. The module is the entry of a worker and is not imported: it
 * waits for the {@linkcode StartMessage} of the {@linkcode WorkerPool} that started it.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";
import type { DecisionNews, DecisionSink } from "../model/decision.ts";
import type { Entry, SlotDirectory } from "../state/registry.ts";
import { StateTable } from "../state/state_table.ts";
import { TrafficTable } from "../state/traffic_table.ts";
import { DataPlane } from "./data_plane.ts";
import type { PlatformServer } from "../fronts/web/serve_with_restart.ts";
import type { Certificate } from "../fronts/web/certificate.ts";
import { TlsListener } from "../fronts/web/tls_listener.ts";
import { systemClock } from "../runtime/system_clock.ts";
import { relayLogs } from "./log_relay.ts";
import type { FromWorker, StartMessage, ToWorker } from "./messages.ts";

const logger = getLogger(["ballast", "workers"]);

/** The period of the heartbeat, in milliseconds. */
const HEARTBEAT_MS = 1000;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

/** The servers, by slot, as the main thread sends them. */
class Directory implements SlotDirectory {
  readonly #bySlot: (Entry | undefined)[] = [];

  constructor(entries: readonly Entry[]) {
    for (const entry of entries) this.#bySlot[entry.slot] = entry;
  }

  inSlot(slot: number): Entry | undefined {
    return this.#bySlot[slot];
  }

  add(entry: Entry): void {
    this.#bySlot[entry.slot] = entry;
  }

  remove({ slot }: Entry): void {
    this.#bySlot[slot] = undefined;
  }
}

/** Sends a worker's decisions to the main thread's log. */
class PostedDecisions implements DecisionSink {
  /** Whether decisions are recorded. */
  recording: boolean;
  readonly #post: (message: FromWorker) => void;
  #skipped = 0;

  constructor(recording: boolean, post: (message: FromWorker) => void) {
    this.recording = recording;
    this.#post = post;
  }

  add(news: DecisionNews): void {
    this.#post({ type: "decision", news });
  }

  skip(): void {
    this.#skipped++;
  }

  /** Reports how many requests were not recorded. */
  flush(): void {
    if (this.#skipped === 0) return;
    this.#post({ type: "skipped", count: this.#skipped });
    this.#skipped = 0;
  }
}

/** A worker after its start. */
class ServingWorker {
  readonly #directory: Directory;
  readonly #plane: DataPlane;
  readonly #server: PlatformServer | TlsListener;
  readonly #stopHeartbeat: () => void;
  readonly #decisions: PostedDecisions;

  constructor(
    { thread, memory, entries, settings, hostname, port, certificate, recording }: StartMessage,
  ) {
    this.#decisions = new PostedDecisions(recording, (message) => scope.postMessage(message));
    const table = new StateTable(memory, thread);
    this.#directory = new Directory(entries);
    this.#plane = new DataPlane({
      registry: this.#directory,
      table,
      traffic: new TrafficTable(memory, thread),
      settings,
      report: (report) => scope.postMessage({ type: "report", report }),
      decisions: this.#decisions,
      writeAccessLog: (lines) => scope.postMessage({ type: "lines", lines }),
    });
    const plane = this.#plane;
    const address = { hostname, port, reusePort: true };
    this.#server = certificate === undefined ? plane.serve(address) : new TlsListener({
      ...address,
      certificate,
      serve: (options) => plane.serve(options),
      clock: systemClock,
    });
    const timer = setInterval(() => {
      table.countHeartbeat(thread);
      this.#decisions.flush();
      if (settings.metrics) plane.publishCounts();
    }, HEARTBEAT_MS);
    this.#stopHeartbeat = () => clearInterval(timer);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  add(entry: Entry): void {
    this.#directory.add(entry);
  }

  update(entry: Entry): void {
    const before = this.#directory.inSlot(entry.slot)?.server.discoveredBy;
    this.#directory.add(entry);
    const { url, discoveredBy } = entry.server;
    // Its certificate must match another name now.
    if (discoveredBy !== before) this.#plane.transport.forget(url);
  }

  remove(entry: Entry, drain: number | undefined): void {
    this.#directory.remove(entry);
    this.#plane.transport.forget(entry.server.url, drain);
  }

  record(recording: boolean): void {
    this.#decisions.recording = recording;
  }

  async replaceCertificate(certificate: Certificate): Promise<void> {
    if (!(this.#server instanceof TlsListener)) return;
    try {
      await this.#server.replaceCertificate(certificate);
    } catch (error) {
      logger.error("Cannot replace a worker's certificate; the old one stays in use: {error}", {
        error,
      });
    }
  }

  async stop(): Promise<void> {
    this.#plane.logAtOnce();
    await this.#server.shutdown();
    await this.#plane.close();
    this.#stopHeartbeat();
  }

  breakOff(): Promise<void> {
    return this.#plane.close(AbortSignal.abort());
  }
}

let worker: ServingWorker | undefined;

scope.addEventListener("message", async ({ data }) => {
  switch (data.type) {
    case "start":
      start(data);
      break;
    case "added":
      worker?.add(data.entry);
      scope.postMessage({ type: "changed", change: data.change });
      break;
    case "updated":
      worker?.update(data.entry);
      scope.postMessage({ type: "changed", change: data.change });
      break;
    case "removed":
      worker?.remove(data.entry, data.drain);
      scope.postMessage({ type: "changed", change: data.change });
      break;
    case "certificate":
      await worker?.replaceCertificate(data.certificate);
      scope.postMessage({ type: "changed", change: data.change });
      break;
    case "decisions":
      worker?.record(data.recording);
      break;
    case "stop":
      await worker?.stop();
      scope.postMessage({ type: "stopped" });
      break;
    case "break_off":
      await worker?.breakOff();
      scope.postMessage({ type: "stopped" });
  }
});

function start(message: StartMessage): void {
  try {
    relayLogs(message.logLevel, (record) => scope.postMessage(record));
    worker = new ServingWorker(message);
    scope.postMessage({ type: "listening", port: worker.port });
  } catch (error) {
    const { name, message } = error as Error;
    scope.postMessage({ type: "failed", name, message });
  }
}
