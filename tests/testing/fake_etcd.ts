import type { Clock } from "../../src/runtime/clock.ts";
import {
  type Etcd,
  type EtcdChange,
  EtcdError,
  type EtcdKeys,
  type EtcdKeyValue,
  type EtcdOutcome,
  type EtcdRange,
  type EtcdRangeOptions,
  type EtcdTransaction,
  type EtcdWatch,
  keyOf,
  revisionOf,
} from "../../src/cluster/etcd/etcd_types.ts";

/** A call to etcd. */
export type EtcdCall = "range" | "transact" | "watch" | "grant" | "keepAlive" | "revoke";

/** A hook around a call: it may wait or throw. */
export type Interference = (call: EtcdCall) => void | Promise<void>;

interface Lease {
  readonly seconds: number;
  readonly keys: Set<string>;
  cancel: () => void;
}

/** An in-memory etcd whose failures a test controls. */
export class FakeEtcd implements Etcd {
  readonly #clock: Clock;
  readonly #keys = new Map<string, EtcdKeyValue>();
  readonly #history: { readonly revision: number; readonly changes: EtcdChange[] }[] = [];
  readonly #watches = new Map<EtcdWatch, { next: number; readonly end: (error: Error) => void }>();
  readonly #leases = new Map<string, Lease>();
  #revision = 1;
  #compacted = 0;
  #leaseCount = 0;
  /** Runs before a call: if it throws, the call fails without effect. */
  before: Interference = () => {};
  /** Runs after a call: if it throws, the call fails although it took effect. */
  after: Interference = () => {};
  /** Whether watches receive nothing, as if their member were partitioned. */
  isMute = false;
  /** The calls so far, in order. */
  readonly calls: EtcdCall[] = [];
  readonly endpoint = "http://fake:2379";

  /** @param clock Clock of the leases. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The revision of the store. */
  get revision(): number {
    return this.#revision;
  }

  /** Number of open watches. */
  get watches(): number {
    return this.#watches.size;
  }

  /** All values, by key. */
  get content(): Record<string, string> {
    const entries = [...this.#keys.values()].sort((one, other) => one.key < other.key ? -1 : 1);
    return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  }

  /** Writes a key, as another client would. */
  put(key: string, value: string): void {
    this.#commit([{ put: key, value }]);
  }

  /** Deletes a key, as another client would. */
  delete(key: string): void {
    this.#commit([{ delete: key }]);
  }

  /** Deletes every key with this prefix at one revision, as another client would. */
  deleteAll(prefix: string): void {
    const keys = [...this.#keys.keys()].filter((key) => key.startsWith(prefix));
    this.#commit(keys.map((key) => ({ delete: key })));
  }

  /** Compacts all revisions so far. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  /** Restores an empty backup at the first revision. Watches wait for the revision they expected. */
  restore(): void {
    this.#keys.clear();
    this.#history.length = 0;
    this.#revision = 1;
  }

  /** Breaks every watch. */
  cut(): void {
    for (const { end } of [...this.#watches.values()]) {
      end(new EtcdError("unreachable", "the connection broke"));
    }
  }

  range(keys: EtcdKeys, options: EtcdRangeOptions = {}): Promise<EtcdRange> {
    return this.#call("range", options.signal, () => {
      const { since = 0, limit = Infinity } = options;
      const all = [...this.#keys.values()].filter(({ key }) => isIn(keys, key))
        .sort((one, other) => one.key < other.key ? -1 : 1);
      const keyValues = all.filter(({ modRevision }) => modRevision >= since).slice(0, limit);
      return { revision: this.#revision, keyValues, count: all.length };
    });
  }

  transact({ when, writes }: EtcdTransaction, signal?: AbortSignal): Promise<EtcdOutcome> {
    return this.#call("transact", signal, () => {
      const holds = when.every(({ key, modRevision }) =>
        (this.#keys.get(key)?.modRevision ?? 0) === modRevision
      );
      if (holds) this.#commit(writes);
      const found = holds ? [] : when.flatMap(({ key }) => this.#keys.get(key) ?? []);
      return { done: holds, revision: this.#revision, found };
    });
  }

  async watch(watch: EtcdWatch): Promise<void> {
    await this.#call("watch", watch.signal, () => {});
    if (watch.revision <= this.#compacted) {
      throw new EtcdError("compacted", "the revision has been compacted");
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#watches.set(watch, { next: watch.revision, end: reject });
    watch.signal.addEventListener("abort", () => resolve(), { once: true });
    watch.onStart?.();
    this.#notify();
    try {
      await promise;
    } finally {
      this.#watches.delete(watch);
    }
  }

  grant(seconds: number, signal?: AbortSignal): Promise<string> {
    return this.#call("grant", signal, () => {
      const id = String(++this.#leaseCount);
      this.#leases.set(id, { seconds, keys: new Set(), cancel: () => {} });
      this.#renew(id);
      return id;
    });
  }

  keepAlive(lease: string, signal?: AbortSignal): Promise<void> {
    return this.#call("keepAlive", signal, () => this.#renew(lease));
  }

  revoke(lease: string, signal?: AbortSignal): Promise<void> {
    return this.#call("revoke", signal, () => this.#expire(lease));
  }

  /** Ignores the credentials. */
  setCredentials(): Promise<void> {
    return Promise.resolve();
  }

  async #call<T>(call: EtcdCall, signal: AbortSignal | undefined, work: () => T): Promise<T> {
    this.calls.push(call);
    await unlessAborted(this.before(call), signal);
    const result = work();
    await unlessAborted(this.after(call), signal);
    return result;
  }

  #renew(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) throw new EtcdError("no_lease", `the lease ${id} has expired`);
    lease.cancel();
    lease.cancel = this.#clock.after(lease.seconds * 1000, () => this.#expire(id));
  }

  #expire(id: string): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.cancel();
    this.#leases.delete(id);
    const keys = [...lease.keys].filter((key) => this.#keys.has(key));
    if (keys.length > 0) this.#commit(keys.map((key) => ({ delete: key })));
  }

  #commit(writes: EtcdTransaction["writes"]): void {
    const revision = this.#revision + 1;
    const changes: EtcdChange[] = [];
    for (const write of writes) {
      const key = "put" in write ? write.put : write.delete;
      const before = this.#keys.get(key);
      if (before === undefined && !("put" in write)) continue;
      for (const { keys } of this.#leases.values()) keys.delete(key);
      if ("put" in write) {
        const { value, lease } = write;
        if (lease !== undefined && !this.#leases.has(lease)) {
          throw new EtcdError("no_lease", `the lease ${lease} has expired`);
        }
        if (lease !== undefined) this.#leases.get(lease)!.keys.add(key);
        const createRevision = before?.createRevision ?? revision;
        const keyValue = { key, value, createRevision, modRevision: revision };
        this.#keys.set(key, keyValue);
        changes.push({ type: "put", keyValue });
      } else {
        this.#keys.delete(key);
        changes.push({ type: "delete", key, modRevision: revision });
      }
    }
    if (changes.length === 0) return;
    this.#revision = revision;
    this.#history.push({ revision, changes });
    queueMicrotask(() => this.#notify());
  }

  #notify(): void {
    if (this.isMute) return;
    for (const [watch, position] of this.#watches) {
      const recent = this.#history.filter(({ revision }) => revision >= position.next);
      position.next = Math.max(position.next, this.#revision + 1);
      const changes = recent.flatMap(({ changes }) => changes)
        .filter((change) => isIn(watch.keys, keyOf(change)));
      const last = changes.at(-1);
      if (last !== undefined) watch.onChanges(changes, revisionOf(last));
    }
  }
}

/** Waits, and rejects if the signal is aborted. */
async function unlessAborted(
  wait: void | Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  if (signal === undefined) return await wait;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([wait, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function isIn({ from, to }: EtcdKeys, key: string): boolean {
  return key >= from && key < to;
}
