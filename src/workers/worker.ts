/**
 * A thread that accepts connections. The module is the entry of a worker and is not imported: it
 * waits for the {@linkcode StartMessage} of the {@linkcode WorkerPool} that started it.
 *
 * @module
 */

import type { Entry, SlotDirectory } from "../core/registry.ts";
import { StateTable } from "../core/state_table.ts";
import { DataPlane, type Serving } from "../data_plane.ts";
import { relayLogs } from "./log_relay.ts";
import type { FromWorker, StartMessage, ToWorker } from "./messages.ts";

/** How often a worker shows that it is alive, in milliseconds. */
const BEAT_MS = 1000;

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}

const scope = globalThis as unknown as WorkerScope;

/** The servers, as the main thread says. */
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

/** A worker after its start. */
class ServingWorker {
  readonly #directory: Directory;
  readonly #plane: DataPlane;
  readonly #server: Serving;
  readonly #stopBeating: () => void;

  constructor({ thread, memory, entries, settings, hostname, port }: StartMessage) {
    const table = new StateTable(memory, thread);
    this.#directory = new Directory(entries);
    this.#plane = new DataPlane(this.#directory, table, settings);
    this.#server = this.#plane.serve({ hostname, port, reusePort: true });
    const timer = setInterval(() => table.beat(thread), BEAT_MS);
    this.#stopBeating = () => clearInterval(timer);
  }

  get port(): number {
    return this.#server.addr.port;
  }

  add(entry: Entry): void {
    this.#directory.add(entry);
  }

  remove(entry: Entry): void {
    this.#directory.remove(entry);
    this.#plane.transport.forget(entry.server.url);
  }

  async stop(): Promise<void> {
    await this.#server.shutdown();
    await this.#plane.close();
    this.#stopBeating();
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
    case "removed":
      worker?.remove(data.entry);
      scope.postMessage({ type: "changed", change: data.change });
      break;
    case "stop":
      await worker?.stop();
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
