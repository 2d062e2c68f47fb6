import type { EtcdChange, EtcdRange } from "../etcd/etcd_types.ts";

interface Waiter {
  readonly condition: () => boolean;
  readonly resolve: (holds: boolean) => void;
}

/** How far a follower has come: which revision it has received, and which it has dealt with. */
export class RevisionTracker {
  readonly #keys = new Set<string>();
  readonly #waiting = new Set<Waiter>();
  #received: number | undefined;
  #handled = 0;

  /** Up to which revision every change was received; undefined if everything is to be read. */
  get received(): number | undefined {
    return this.#received;
  }

  /** Up to which revision every change was dealt with; 0 before the first. */
  get handled(): number {
    return this.#handled;
  }

  /** How many keys there are. */
  get keys(): number {
    return this.#keys.size;
  }

  /** Everything was read. */
  list({ revision, entries }: EtcdRange): void {
    this.#keys.clear();
    for (const { key } of entries) this.#keys.add(key);
    this.#received = revision;
  }

  /** Changes up to this revision were received. */
  receive(changes: readonly EtcdChange[], revision: number): void {
    for (const change of changes) {
      if (change.type === "put") this.#keys.add(change.entry.key);
      else this.#keys.delete(change.key);
    }
    this.#received = Math.max(revision, this.#received ?? 0);
  }

  /** Nothing has changed up to this revision. */
  pass(revision: number): void {
    this.#received = Math.max(revision, this.#received ?? 0);
  }

  /** Changes may have been missed: everything is to be read. */
  lose(): void {
    this.#received = undefined;
  }

  /**
   * What was received up to this revision was dealt with.
   *
   * @param revision Lower than before only if the store was put back to an earlier state.
   */
  handle(revision: number): void {
    this.#handled = revision;
    for (const { condition, resolve } of this.#waiting) if (condition()) resolve(true);
  }

  /**
   * Waits until a condition holds. It is looked at now, and whenever something was dealt with.
   *
   * @param condition The condition.
   * @param signal Ends the wait early.
   * @returns Whether it holds.
   */
  async until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    if (condition()) return true;
    if (signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const one = { condition, resolve };
    const stop = () => resolve(false);
    this.#waiting.add(one);
    signal.addEventListener("abort", stop, { once: true });
    const holds = await promise;
    signal.removeEventListener("abort", stop);
    this.#waiting.delete(one);
    return holds;
  }
}
