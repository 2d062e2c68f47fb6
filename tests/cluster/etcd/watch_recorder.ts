import type {
  Etcd,
  EtcdChange,
  EtcdError,
  EtcdKeys,
} from "../../../src/cluster/etcd/etcd_types.ts";
import { until } from "../../testing/until.ts";

/** A watch that keeps what it is told, so that a test can wait for it. */
export class WatchRecorder implements AsyncDisposable {
  /** What it was told, one entry a call: the revision, and every change as text. */
  readonly calls: { readonly revision: number; readonly changes: readonly string[] }[] = [];
  /** Resolves when etcd has confirmed the watch. */
  readonly started: Promise<void>;
  /** Resolves when the watch has ended, with why; undefined where it was asked to. */
  readonly ended: Promise<EtcdError | undefined>;
  readonly #abort = new AbortController();

  /** Begins to watch. */
  constructor(etcd: Etcd, keys: EtcdKeys, revision: number) {
    const started = Promise.withResolvers<void>();
    this.started = started.promise;
    this.ended = etcd.watch({
      keys,
      revision,
      signal: this.#abort.signal,
      onStart: started.resolve,
      onChanges: (changes, revision) => {
        this.calls.push({ revision, changes: changes.map(textOf) });
      },
    }).then(() => undefined, (error) => error);
  }

  /** Every change so far. */
  get changes(): readonly string[] {
    return this.calls.flatMap(({ changes }) => changes);
  }

  /** Waits until there are so many changes. */
  async waitFor(count: number): Promise<readonly string[]> {
    await until(
      () => `${count} changes: there are ${this.changes}`,
      () => this.changes.length >= count,
    );
    return this.changes;
  }

  /** Ends the watch, and waits for that. */
  async stop(): Promise<EtcdError | undefined> {
    this.#abort.abort();
    return await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

function textOf(change: EtcdChange): string {
  return change.type === "put"
    ? `${change.keyValue.key}=${change.keyValue.value}`
    : `${change.key} deleted`;
}
