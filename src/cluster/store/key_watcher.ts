import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { backoff } from "../../runtime/backoff.ts";
import type { Connection } from "./connection.ts";
import { type Etcd, type EtcdChange, EtcdError, type EtcdKeys } from "../etcd/etcd_types.ts";
import type { KeyOwner } from "./key_owner.ts";
import { RevisionTracker } from "./revision_tracker.ts";
import { pause, within } from "../../runtime/wait.ts";
import { WatchCheck } from "./watch_check.ts";

const logger = getLogger(["ballast", "etcd"]);

/** How long reading everything may take, in milliseconds. */
const LIST_LIMIT_MS = 20_000;

/** After so many failures in a row it is seen to it whether etcd answers at all. */
const READ_EVERY = 3;

/** What a {@linkcode KeyWatcher} works with. */
export interface KeyWatcherParts {
  /** What is followed. */
  readonly etcd: Etcd;
  /** Which keys. */
  readonly keys: EtcdKeys;
  /** Who is told of them. */
  readonly owner: KeyOwner;
  /** Where it is noted whether etcd can be reached. */
  readonly connection: Connection;
  /** The time and the timers. */
  readonly clock: Clock;
  /** A number from 0 up to, but without, 1. */
  readonly random: () => number;
}

/**
 * Follows a range of keys: reads everything once, and watches from there on. After an interruption
 * it goes on from the last revision that it has seen; where etcd no longer keeps that, or the watch
 * has missed something, it reads everything again.
 */
export class KeyWatcher {
  readonly #parts: KeyWatcherParts;
  readonly #progress = new RevisionTracker();
  readonly #check: WatchCheck;
  #handling: Promise<void> = Promise.resolve();

  /** @param parts What to work with. */
  constructor(parts: KeyWatcherParts) {
    this.#parts = parts;
    this.#check = new WatchCheck({ ...parts, progress: this.#progress });
  }

  /** Up to which revision the owner knows every change; 0 before the first. */
  get revision(): number {
    return this.#progress.handled;
  }

  /**
   * Waits until a condition holds, which only what the owner is told can change.
   *
   * @param condition The condition.
   * @param signal Ends the wait early.
   * @returns Whether it holds.
   */
  until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    return this.#progress.until(condition, signal);
  }

  /** Looks at once whether the watch still works. */
  check(): void {
    this.#check.now();
  }

  /** Follows until the signal says to end. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, connection } = this.#parts;
    for (let failures = 0; !signal.aborted;) {
      let began = false;
      try {
        await this.#follow(signal, () => began = true);
      } catch (error) {
        if (signal.aborted) break;
        failures = began ? 1 : failures + 1;
        logger.debug("The watch of etcd is over: {error}", { error });
        if (isCompacted(error)) this.#progress.lose();
        else if (failures > 1) {
          connection.away(error);
          // Where there is no watch to be had, reading everything now and then has to do.
          const isTime = failures % READ_EVERY === 0;
          if (isTime && await this.#check.isAnswered(signal)) this.#progress.lose();
        }
        await pause(clock, backoff(failures, random()), signal);
      }
    }
    await this.#handling;
  }

  async #follow(signal: AbortSignal, onStart: () => void): Promise<void> {
    const { etcd, keys } = this.#parts;
    if (this.#progress.received === undefined) await this.#list(signal);
    const stop = new AbortController();
    const ends = AbortSignal.any([signal, stop.signal]);
    const checking = this.#check.run(ends, (why) => stop.abort(why));
    try {
      await etcd.watch({
        keys,
        revision: this.#progress.received! + 1,
        signal: ends,
        onStart: () => {
          this.#check.begin();
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
    // The check has ended the watch, and says why.
    if (!signal.aborted) throw stop.signal.reason;
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { etcd, keys, clock, owner } = this.#parts;
    const late = () => new EtcdError("unreachable", "Cannot read from etcd: it takes too long");
    const found = await within(
      { clock, milliseconds: LIST_LIMIT_MS, signal, late },
      (signal) => etcd.range(keys, { signal }),
    );
    this.#progress.list(found);
    this.#hand(found.revision, () => owner.reset(found.entries));
    await this.#handling;
  }

  #receive(changes: readonly EtcdChange[], revision: number): void {
    this.#progress.receive(changes, revision);
    this.#hand(revision, () => this.#parts.owner.change(changes));
  }

  /** One thing after the other. */
  #hand(revision: number, tell: () => void | Promise<void>): void {
    this.#handling = this.#handling.then(tell).catch((error) => {
      logger.error("Unexpected: {error}", { error });
    }).then(() => this.#progress.handle(revision));
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof EtcdError && error.failure === "compacted";
}
