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
} from "../../src/cluster/etcd/etcd_types.ts";

/** What is asked of etcd. */
export type EtcdCall = "range" | "transact" | "watch" | "grant" | "keepAlive" | "revoke";

/** What a test lets happen around a call: it may wait, or throw. */
export type Interference = (call: EtcdCall) => void | Promise<void>;

interface Lease {
  readonly seconds: number;
  readonly keys: Set<string>;
  cancel: () => void;
}

/** An etcd in memory, for tests that need what happens to be in their hands. */
export class FakeEtcd implements Etcd {
  readonly #clock: Clock;
  readonly #keys = new Map<string, EtcdKeyValue>();
  readonly #history: { readonly revision: number; readonly changes: EtcdChange[] }[] = [];
  readonly #watches = new Map<EtcdWatch, { next: number; readonly end: (error: Error) => void }>();
  readonly #leases = new Map<string, Lease>();
  #revision = 1;
  #compacted = 0;
  #leaseCount = 0;
  /** Comes before a call: what it throws happens in place of the call. */
  before: Interference = () => {};
  /** Comes behind a call: what it throws happens although the call was carried out. */
  after: Interference = () => {};
  /** Whether watches are told of nothing, as if their member were cut off. */
  isMute = false;
  /** What was asked, in its order. */
  readonly calls: EtcdCall[] = [];
  readonly endpoint = "http://fake:2379";

  /** @param clock What leases run on. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The revision of the store. */
  get revision(): number {
    return this.#revision;
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watches.size;
  }

  /** What there is, by key. */
  get content(): Record<string, string> {
    const entries = [...this.#keys.values()].sort((one, other) => one.key < other.key ? -1 : 1);
    return Object.fromEntries(entries.map(({ key, value }) => [key, value]));
  }

  /** Writes a key, as somebody else would. */
  put(key: string, value: string): void {
    this.#commit([{ put: key, value }]);
  }

  /** Deletes a key, as somebody else would. */
  delete(key: string): void {
    this.#commit([{ delete: key }]);
  }

  /** Deletes every key that begins with this, at one revision, as somebody else would. */
  deleteAll(prefix: string): void {
    const keys = [...this.#keys.keys()].filter((key) => key.startsWith(prefix));
    this.#commit(keys.map((key) => ({ delete: key })));
  }

  /** Forgets what was before now. */
  compact(): void {
    this.#compacted = this.#revision;
  }

  /** Puts back an earlier state: nothing, at the first revision. Watches wait for what was next. */
  restore(): void {
    this.#keys.clear();
    this.#history.length = 0;
    this.#revision = 1;
  }

  /** Breaks every watch off. */
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
      const entries = all.filter(({ modRevision }) => modRevision >= since).slice(0, limit);
      return { revision: this.#revision, entries, count: all.length };
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
    if (watch.revision <= this.#compacted) throw new EtcdError("compacted", "it is compacted");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#watches.set(watch, { next: watch.revision, end: reject });
    watch.signal.addEventListener("abort", () => resolve(), { once: true });
    watch.onStart?.();
    this.#tell();
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

  /** What it is asked with is of no importance. */
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
    if (lease === undefined) throw new EtcdError("no_lease", `the lease ${id} is over`);
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
          throw new EtcdError("no_lease", `the lease ${lease} is over`);
        }
        if (lease !== undefined) this.#leases.get(lease)!.keys.add(key);
        const createRevision = before?.createRevision ?? revision;
        const entry = { key, value, createRevision, modRevision: revision };
        this.#keys.set(key, entry);
        changes.push({ type: "put", entry });
      } else {
        this.#keys.delete(key);
        changes.push({ type: "delete", key, modRevision: revision });
      }
    }
    if (changes.length === 0) return;
    this.#revision = revision;
    this.#history.push({ revision, changes });
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    if (this.isMute) return;
    for (const [watch, position] of this.#watches) {
      const news = this.#history.filter(({ revision }) => revision >= position.next);
      position.next = Math.max(position.next, this.#revision + 1);
      const changes = news.flatMap(({ changes }) => changes)
        .filter((change) => isIn(watch.keys, keyOf(change)));
      const last = changes.at(-1);
      if (last !== undefined) watch.onChanges(changes, revisionOf(last));
    }
  }
}

/** Waits, and rejects when the signal is aborted. */
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

function revisionOf(change: EtcdChange): number {
  return change.type === "put" ? change.entry.modRevision : change.modRevision;
}

function keyOf(change: EtcdChange): string {
  return change.type === "put" ? change.entry.key : change.key;
}
