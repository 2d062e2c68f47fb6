import { getLogger } from "@logtape/logtape";
import { backoff, pause, withTimeout } from "../../runtime/time.ts";
import { type EtcdChange, EtcdError, type EtcdKeys } from "../etcd/etcd_types.ts";
import type { EtcdContext } from "./connectivity.ts";
import type { KeyListener } from "./key_router.ts";
import { RevisionTracker } from "./revision_tracker.ts";
import { WatchCheck } from "./watch_check.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Time limit for reading all keys, in milliseconds. */
const LIST_LIMIT_MS = 20_000;

/** After every so many failures in a row, check whether etcd can at least be read. */
const READ_EVERY = 3;

/**
 * Watches a range of keys: reads all of them once, then watches from that revision on. After an
 * interruption it resumes from the last revision received; if etcd has compacted that, or the watch
 * has missed a change, it reads all keys again.
 */
export class KeyWatcher {
  readonly #context: EtcdContext;
  readonly #keys: EtcdKeys;
  readonly #listener: KeyListener;
  readonly #tracker = new RevisionTracker();
  readonly #check: WatchCheck;
  #handling: Promise<void> = Promise.resolve();

  /**
   * @param context The etcd client and its connectivity.
   * @param keys The keys to watch.
   * @param listener Receives the keys and their changes.
   */
  constructor(context: EtcdContext, keys: EtcdKeys, listener: KeyListener) {
    this.#context = context;
    this.#keys = keys;
    this.#listener = listener;
    this.#check = new WatchCheck(context, keys, this.#tracker);
  }

  /** The revision up to which the listener has handled every change; 0 before the first. */
  get revision(): number {
    return this.#tracker.handled;
  }

  /**
   * Waits for a condition that only the listener can change.
   *
   * @param condition The condition.
   * @param signal Ends the wait early.
   * @returns Whether the condition holds.
   */
  until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    return this.#tracker.until(condition, signal);
  }

  /** Checks now whether the watch still works. */
  check(): void {
    this.#check.now();
  }

  /** Watches until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, connectivity } = this.#context;
    for (let failures = 0; !signal.aborted;) {
      let hasStarted = false;
      try {
        await this.#watch(signal, () => hasStarted = true);
      } catch (error) {
        if (signal.aborted) break;
        failures = hasStarted ? 1 : failures + 1;
        logger.debug("The watch of etcd ended: {error}", { error });
        if (isCompacted(error)) this.#tracker.invalidate();
        else if (failures > 1) {
          connectivity.down(error);
          // If no watch can be opened, fall back to reading all keys now and then.
          const isDue = failures % READ_EVERY === 0;
          if (isDue && await this.#check.canRead(signal)) this.#tracker.invalidate();
        }
        await pause(clock, backoff(failures, random()), signal);
      }
    }
    await this.#handling;
  }

  async #watch(signal: AbortSignal, onStart: () => void): Promise<void> {
    if (this.#tracker.received === undefined) await this.#list(signal);
    const stop = new AbortController();
    const ends = AbortSignal.any([signal, stop.signal]);
    const checking = this.#check.run(ends, (why) => stop.abort(why));
    try {
      await this.#context.etcd.watch({
        keys: this.#keys,
        revision: this.#tracker.received! + 1,
        signal: ends,
        onStart: () => {
          this.#check.start();
          onStart();
        },
        onChanges: (changes, revision) => {
          if (!ends.aborted) this.#receive(changes, revision);
        },
      });
    } finally {
      stop.abort();
      await checking;
    }
    // The check ended the watch, with its reason.
    if (!signal.aborted) throw stop.signal.reason;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { etcd, clock } = this.#context;
    const error = () => new EtcdError("unreachable", "Cannot read from etcd: it timed out");
    const range = await withTimeout(
      { clock, milliseconds: LIST_LIMIT_MS, signal, error },
      (signal) => etcd.range(this.#keys, { signal }),
    );
    this.#tracker.list(range);
    this.#handle(range.revision, () => this.#listener.reset(range.keyValues));
    await this.#handling;
  }

  #receive(changes: readonly EtcdChange[], revision: number): void {
    this.#tracker.receive(changes, revision);
    this.#handle(revision, () => this.#listener.change(changes));
  }

  /** Calls the listener once it is done with everything before. */
  #handle(revision: number, call: () => void | Promise<void>): void {
    this.#handling = this.#handling.then(call).catch((error) => {
      logger.error("Unexpected error while watching etcd: {error}", { error });
    }).then(() => this.#tracker.handle(revision));
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof EtcdError && error.failure === "compacted";
}
