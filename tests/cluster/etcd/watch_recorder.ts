import type {
  Etcd,
  EtcdChange,
  EtcdError,
  EtcdKeys,
} from "../../../src/cluster/etcd/etcd_types.ts";
import { until } from "../../testing/until.ts";

/** Records the changes of a watch, so that a test can wait for them. */
export class WatchRecorder implements AsyncDisposable {
  /** The calls: the revision, and every change as text. */
  readonly calls: { readonly revision: number; readonly changes: readonly string[] }[] = [];
  /** Resolves when etcd has confirmed the watch. */
  readonly started: Promise<void>;
  /** Resolves with the error that ended the watch; undefined if the test ended it. */
  readonly ended: Promise<EtcdError | undefined>;
  readonly #abort = new AbortController();

  /** Starts the watch. */
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

  /** Waits for a number of changes. */
  async waitFor(count: number): Promise<readonly string[]> {
    await until(
      () => `${count} changes: there are ${this.changes}`,
      () => this.changes.length >= count,
    );
    return this.changes;
  }

  /** Ends the watch, and waits until it has ended. */
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
