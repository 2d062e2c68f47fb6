import { Connectivity } from "../../../src/cluster/store/connectivity.ts";
import type { EtcdChange, EtcdKeyValue } from "../../../src/cluster/etcd/etcd_types.ts";
import { KeyWatcher } from "../../../src/cluster/store/key_watcher.ts";
import type { KeyListener } from "../../../src/cluster/store/key_router.ts";
import { FakeClock, settle } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";

/** Records the keys and calls that it receives. */
export class KeyRecorder implements KeyListener {
  /** The values, by key. */
  readonly content: Record<string, string> = {};
  /** The calls, in order. */
  readonly calls: string[] = [];

  reset(keyValues: readonly EtcdKeyValue[]): void {
    this.calls.push(`reset ${keyValues.length}`);
    for (const key of Object.keys(this.content)) delete this.content[key];
    for (const { key, value } of keyValues) this.content[key] = value;
  }

  change(changes: readonly EtcdChange[]): void {
    for (const change of changes) {
      if (change.type === "put") {
        this.calls.push(`put ${change.keyValue.key}`);
        this.content[change.keyValue.key] = change.keyValue.value;
      } else {
        this.calls.push(`delete ${change.key}`);
        delete this.content[change.key];
      }
    }
  }
}

/** A key watcher on an in-memory etcd and a fake clock. */
export class Watching implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly listener = new KeyRecorder();
  readonly connectivity = new Connectivity(this.clock);
  readonly watcher = new KeyWatcher(
    {
      etcd: this.etcd,
      connectivity: this.connectivity,
      clock: this.clock,
      random: () => 0.5,
    },
    { from: "/b/", to: "/b0" },
    this.listener,
  );
  readonly #abort = new AbortController();
  readonly #running = this.watcher.run(this.#abort.signal);

  /** Runs everything that waits for promises only. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}
