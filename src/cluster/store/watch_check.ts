import type { Clock } from "../../runtime/clock.ts";
import { backoff } from "../../runtime/backoff.ts";
import type { Connection } from "./connection.ts";
import { type Etcd, EtcdError, type EtcdKeys, type EtcdRange } from "../etcd/etcd_types.ts";
import type { RevisionTracker } from "./revision_tracker.ts";
import { pause, within } from "../../runtime/wait.ts";

/** How long between two looks, in milliseconds; a fifth of it is by chance. */
const PERIOD_MS = 5000;
/**
 * For how many keys a look is thorough each time. etcd goes through all of them then, some 5 ms for
 * each thousand; where there are more keys, only every so many looks is.
 */
const THOROUGH_KEYS = 1000;
/** How long a look may take, in milliseconds. */
const LIMIT_MS = 5000;
/** How long a change may be on its way to the watch, in milliseconds. */
const LAG_MS = 1000;
/** How long a watch may take to begin, in milliseconds. */
const OPENING_MS = 5000;

/** What a {@linkcode WatchCheck} works with. */
export interface WatchCheckParts {
  /** What is asked. */
  readonly etcd: Etcd;
  /** The keys that are watched. */
  readonly keys: EtcdKeys;
  /** What the watch has received. */
  readonly progress: RevisionTracker;
  /** Where it is noted whether etcd can be reached. */
  readonly connection: Connection;
  /** The time and the timers. */
  readonly clock: Clock;
  /** A number from 0 up to, but without, 1. */
  readonly random: () => number;
}

/**
 * Looks every few seconds whether a watch still works, by one short answer of the majority of etcd,
 * however many keys there are: their number, and whether one of them is newer than what the watch
 * has brought. A watch whose connection has died without a word is silent like one for which nothing
 * happens.
 */
export class WatchCheck {
  readonly #parts: WatchCheckParts;
  #thoroughAt = -Infinity;
  #wake: () => void = () => {};
  #begin: () => void = () => {};

  /** @param parts What to work with. */
  constructor(parts: WatchCheckParts) {
    this.#parts = parts;
  }

  /** The watch has begun. */
  begin(): void {
    this.#begin();
  }

  /** Looks at once, and not only when it is time. */
  now(): void {
    this.#wake();
  }

  /**
   * Looks until the signal says to end. Never rejects.
   *
   * @param signal Ends it; the watch ends with it too.
   * @param restart Ends the watch, so that another one begins.
   */
  async run(signal: AbortSignal, restart: (why: EtcdError) => void): Promise<void> {
    const { connection, random } = this.#parts;
    if (!await this.#hasBegun(signal)) {
      return restart(new EtcdError("unreachable", "Cannot watch etcd: no watch begins"));
    }
    for (let failures = 0; !signal.aborted;) {
      // Who was away wants to be back soon.
      const wait = failures > 0
        ? backoff(failures, random())
        : connection.connected
        ? PERIOD_MS * (0.9 + random() / 5)
        : 0;
      await this.#rest(wait, signal);
      if (signal.aborted) break;
      try {
        if (await this.#isBehind(signal)) {
          this.#parts.progress.lose();
          restart(new EtcdError("unreachable", "Cannot watch etcd: the watch has missed a change"));
        } else connection.here();
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        connection.away(error);
      }
    }
  }

  /** Whether etcd answers, though a watch cannot be had. Never rejects. */
  async isAnswered(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#look(undefined, signal);
      return true;
    } catch {
      return false;
    }
  }

  async #hasBegun(signal: AbortSignal): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let begun = false;
    this.#begin = () => {
      begun = true;
      resolve();
    };
    const wait = new AbortController();
    const late = pause(this.#parts.clock, OPENING_MS, AbortSignal.any([signal, wait.signal]));
    await Promise.race([promise, late]);
    wait.abort();
    return begun || signal.aborted;
  }

  async #rest(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds === 0) return;
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await pause(this.#parts.clock, milliseconds, AbortSignal.any([signal, wake.signal]));
  }

  async #isBehind(signal: AbortSignal): Promise<boolean> {
    const { progress, clock } = this.#parts;
    const received = progress.received!;
    const isThorough = clock.now() >= this.#thoroughAt;
    const found = await this.#look(isThorough ? received + 1 : undefined, signal);
    // The store was put back to an earlier state, and counts from there.
    if (found.revision < received) return true;
    const differs = found.count !== progress.keys || (isThorough && found.entries.length > 0);
    if (!differs) {
      if (isThorough) this.#passed(received, found.revision);
      return false;
    }
    await pause(clock, LAG_MS, signal);
    // A watch that brings anything brings everything before that.
    return !signal.aborted && progress.received === received;
  }

  /** There is nothing newer up to this revision. */
  #passed(received: number, revision: number): void {
    const { progress, clock } = this.#parts;
    if (progress.received === received) progress.pass(revision);
    const looks = Math.ceil(progress.keys / THOROUGH_KEYS);
    // The next look is earlier by chance than a whole period.
    this.#thoroughAt = clock.now() + (looks - 0.5) * PERIOD_MS;
  }

  /** Asks for one key: one that is as new as this, if there is one, else the first. */
  #look(since: number | undefined, signal: AbortSignal): Promise<EtcdRange> {
    const { etcd, keys, clock } = this.#parts;
    const late = () => new EtcdError("unreachable", "Cannot read from etcd: it takes too long");
    return within(
      { clock, milliseconds: LIMIT_MS, signal, late },
      (signal) => etcd.range(keys, { ...(since === undefined ? {} : { since }), limit: 1, signal }),
    );
  }
}
