import { Connection } from "../../../src/cluster/store/connection.ts";
import type { EtcdChange, EtcdKeyValue } from "../../../src/cluster/etcd/etcd_types.ts";
import { KeyWatcher } from "../../../src/cluster/store/key_watcher.ts";
import type { KeyOwner } from "../../../src/cluster/store/key_owner.ts";
import { FakeClock, settle } from "../../testing/fake_clock.ts";
import { FakeEtcd } from "../../testing/fake_etcd.ts";

/** What has the keys that it was told of, and remembers how. */
export class KeyRecorder implements KeyOwner {
  /** The keys with their values. */
  readonly content: Record<string, string> = {};
  /** What it was told, in its order. */
  readonly told: string[] = [];

  reset(entries: readonly EtcdKeyValue[]): void {
    this.told.push(`reset ${entries.length}`);
    for (const key of Object.keys(this.content)) delete this.content[key];
    for (const { key, value } of entries) this.content[key] = value;
  }

  change(changes: readonly EtcdChange[]): void {
    for (const change of changes) {
      if (change.type === "put") {
        this.told.push(`put ${change.entry.key}`);
        this.content[change.entry.key] = change.entry.value;
      } else {
        this.told.push(`delete ${change.key}`);
        delete this.content[change.key];
      }
    }
  }
}

/** A follower of an etcd in memory, on a clock that stands still. */
export class Following implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly etcd = new FakeEtcd(this.clock);
  readonly owner = new KeyRecorder();
  readonly connection = new Connection(this.clock);
  readonly follower = new KeyWatcher({
    etcd: this.etcd,
    keys: { from: "/b/", to: "/b0" },
    owner: this.owner,
    connection: this.connection,
    clock: this.clock,
    random: () => 0.5,
  });
  readonly #abort = new AbortController();
  readonly #running = this.follower.run(this.#abort.signal);

  /** Lets everything run that waits for promises only. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }
}
