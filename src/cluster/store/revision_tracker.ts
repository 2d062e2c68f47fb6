import { type EtcdChange, type EtcdRange, keyOf } from "../etcd/etcd_types.ts";

interface Waiter {
  readonly condition: () => boolean;
  readonly resolve: (holds: boolean) => void;
}

/** The revisions that a watch has received and handled, and the keys that exist. */
export class RevisionTracker {
  readonly #keys = new Set<string>();
  readonly #waiting = new Set<Waiter>();
  #received: number | undefined;
  #handled = 0;

  /** The revision up to which every change was received; undefined if all keys must be read. */
  get received(): number | undefined {
    return this.#received;
  }

  /** The revision up to which every change was handled; 0 before the first. */
  get handled(): number {
    return this.#handled;
  }

  /** Number of keys. */
  get keyCount(): number {
    return this.#keys.size;
  }

  /** Records that all keys were read. */
  list({ revision, keyValues }: EtcdRange): void {
    this.#keys.clear();
    for (const { key } of keyValues) this.#keys.add(key);
    this.#received = revision;
  }

  /** Records changes up to this revision. */
  receive(changes: readonly EtcdChange[], revision: number): void {
    for (const change of changes) {
      if (change.type === "put") this.#keys.add(keyOf(change));
      else this.#keys.delete(change.key);
    }
    this.#received = Math.max(revision, this.#received ?? 0);
  }

  /** Records that nothing has changed up to this revision. */
  advance(revision: number): void {
    this.#received = Math.max(revision, this.#received ?? 0);
  }

  /** Records that changes may have been missed, so that all keys must be read. */
  invalidate(): void {
    this.#received = undefined;
  }

  /**
   * Records that everything received up to this revision was handled.
   *
   * @param revision The revision; lower than before only after a restore from a backup.
   */
  handle(revision: number): void {
    this.#handled = revision;
    for (const { condition, resolve } of this.#waiting) if (condition()) resolve(true);
  }

  /**
   * Waits for a condition, which is checked now and whenever changes were handled.
   *
   * @param condition The condition.
   * @param signal Ends the wait early.
   * @returns Whether the condition holds.
   */
  async until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    if (condition()) return true;
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = { condition, resolve };
    const stop = () => resolve(false);
    this.#waiting.add(waiter);
    signal.addEventListener("abort", stop, { once: true });
    const holds = await promise;
    signal.removeEventListener("abort", stop);
    this.#waiting.delete(waiter);
    return holds;
  }
}
