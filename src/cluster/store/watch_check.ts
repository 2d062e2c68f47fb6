import { backoff, pause, withTimeout } from "../../runtime/time.ts";
import { EtcdError, type EtcdKeys, type EtcdRange } from "../etcd/etcd_types.ts";
import type { EtcdContext } from "./connectivity.ts";
import type { RevisionTracker } from "./revision_tracker.ts";

/** Time between two checks, in milliseconds, with jitter of a tenth either way. */
const PERIOD_MS = 5000;
/**
 * Up to how many keys every check is thorough. A thorough check makes etcd scan all keys, some 5 ms
 * per thousand; with more keys, only every n-th check is thorough.
 */
const THOROUGH_KEYS = 1000;
/** Time limit of a check, in milliseconds. */
const LIMIT_MS = 5000;
/** How long a change may take to reach the watch, in milliseconds. */
const LAG_MS = 1000;
/** Time limit for a watch to start, in milliseconds. */
const START_LIMIT_MS = 5000;

/**
 * Checks every few seconds whether a watch still works, with one small linearizable read however many
 * keys there are: their number, and whether one is newer than what the watch has received. A watch
 * with a dead connection is as silent as one without changes.
 */
export class WatchCheck {
  readonly #context: EtcdContext;
  readonly #keys: EtcdKeys;
  readonly #tracker: RevisionTracker;
  #thoroughAt = -Infinity;
  #wake: () => void = () => {};
  #onStart: () => void = () => {};

  /**
   * @param context The etcd client and its connectivity.
   * @param keys The keys that are watched.
   * @param tracker The revisions that the watch has received.
   */
  constructor(context: EtcdContext, keys: EtcdKeys, tracker: RevisionTracker) {
    this.#context = context;
    this.#keys = keys;
    this.#tracker = tracker;
  }

  /** Records that the watch has started. */
  start(): void {
    this.#onStart();
  }

  /** Checks now rather than when the period is over. */
  now(): void {
    this.#wake();
  }

  /**
   * Checks until the signal is aborted. Never rejects.
   *
   * @param signal Aborted with the watch.
   * @param restart Ends the watch so that another one is opened.
   */
  async run(signal: AbortSignal, restart: (why: EtcdError) => void): Promise<void> {
    const { connectivity, random } = this.#context;
    if (!await this.#hasStarted(signal)) {
      return restart(new EtcdError("unreachable", "Cannot watch etcd: the watch did not start"));
    }
    for (let failures = 0; !signal.aborted;) {
      // After an outage, check at once.
      const wait = failures > 0
        ? backoff(failures, random())
        : connectivity.isUp
        ? PERIOD_MS * (0.9 + random() / 5)
        : 0;
      await this.#rest(wait, signal);
      if (signal.aborted) break;
      try {
        if (await this.#isBehind(signal)) {
          this.#tracker.invalidate();
          restart(new EtcdError("unreachable", "Cannot watch etcd: the watch missed a change"));
        } else connectivity.up();
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        connectivity.down(error);
      }
    }
  }

  /** Whether etcd can be read although no watch can be opened. Never rejects. */
  async canRead(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#read(undefined, signal);
      return true;
    } catch {
      return false;
    }
  }

  async #hasStarted(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let hasStarted = false;
    this.#onStart = () => {
      hasStarted = true;
      resolve();
    };
    const wait = new AbortController();
    const ends = AbortSignal.any([signal, wait.signal]);
    await Promise.race([promise, pause(this.#context.clock, START_LIMIT_MS, ends)]);
    wait.abort();
    return hasStarted || signal.aborted;
  }

  async #rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds === 0) return;
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await pause(this.#context.clock, milliseconds, AbortSignal.any([signal, wake.signal]));
  }

  async #isBehind(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#context;
    const tracker = this.#tracker;
    const received = tracker.received!;
    const isThorough = clock.now() >= this.#thoroughAt;
    const range = await this.#read(isThorough ? received + 1 : undefined, signal);
    // The store was restored from a backup, and counts from there.
    if (range.revision < received) return true;
    const isDifferent = range.count !== tracker.keyCount ||
      (isThorough && range.keyValues.length > 0);
    if (!isDifferent) {
      if (isThorough) this.#passed(received, range.revision);
      return false;
    }
    await pause(clock, LAG_MS, signal);
    // A watch that receives anything has received everything before it.
    return !signal.aborted && tracker.received === received;
  }

  /** Records that there is no change up to this revision. */
  #passed(received: number, revision: number): void {
    const tracker = this.#tracker;
    if (tracker.received === received) tracker.advance(revision);
    const checks = Math.ceil(tracker.keyCount / THOROUGH_KEYS);
    // With jitter, the next check may come before a whole period has passed.
    this.#thoroughAt = this.#context.clock.now() + (checks - 0.5) * PERIOD_MS;
  }

  /** Reads one key: one written at or after this revision if there is one, otherwise the first. */
  #read(since: number | undefined, signal: AbortSignal): Promise<EtcdRange> {
    const { etcd, clock } = this.#context;
    const error = () => new EtcdError("unreachable", "Cannot read from etcd: it timed out");
    return withTimeout(
      { clock, milliseconds: LIMIT_MS, signal, error },
      (signal) =>
        etcd.range(this.#keys, { ...(since === undefined ? {} : { since }), limit: 1, signal }),
    );
  }
}
