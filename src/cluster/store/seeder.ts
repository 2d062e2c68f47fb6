import { getLogger } from "@logtape/logtape";
import type { Clock } from "../../runtime/clock.ts";
import { completeServer, type Server, type ServerInit } from "../../model/server.ts";
import {
  type Etcd,
  type EtcdCondition,
  EtcdError,
  type EtcdWrite,
  keysUnder,
} from "../etcd/etcd_types.ts";
import { backoff } from "../../runtime/backoff.ts";
import { writeServerValue } from "./server_value.ts";
import type { SharedKeys } from "./shared_keys.ts";
import { pause } from "../../runtime/wait.ts";

const logger = getLogger(["ballast", "etcd"]);

/** How many servers one transaction writes: etcd takes 128 writes in one unless it is told otherwise. */
const CHUNK = 100;
/** For how long the lock is held without being kept, in seconds. */
const LOCK_SECONDS = 10;
/** How often those who wait look whether it is done, in milliseconds. */
const LOOK_MS = 500;

/** What a {@linkcode Seeder} works with. */
export interface SeederParts {
  /** Where the servers are to be. */
  readonly etcd: Etcd;
  /** Under which keys. */
  readonly keys: SharedKeys;
  /** The servers, checked. */
  readonly servers: readonly ServerInit[];
  /** The time and the timers. */
  readonly clock: Clock;
}

/** How far it has come. */
interface Stage {
  readonly isSeeded: boolean;
  readonly isLocked: boolean;
  /** Whether some of the first servers are there, and perhaps not all. */
  readonly isBegun: boolean;
}

/**
 * Writes the first servers under an empty prefix, which only one of several balancers does. What
 * fits one transaction is written by one. What does not is written under a lock, which its holder
 * loses when it dies; whoever gets it then begins anew. Nobody uses the servers before all are there.
 */
export class Seeder {
  readonly #etcd: Etcd;
  readonly #keys: SharedKeys;
  readonly #servers: readonly Server[];
  readonly #clock: Clock;

  /** @param parts What to work with. */
  constructor({ etcd, keys, servers, clock }: SeederParts) {
    this.#etcd = etcd;
    this.#keys = keys;
    this.#servers = servers.map(completeServer);
    this.#clock = clock;
  }

  /**
   * Returns when the first servers are there: those of this balancer, of another one, or what
   * somebody has written by hand.
   *
   * @param signal Ends it.
   * @throws {EtcdError} If etcd does not do what it has to.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { isSeeded, isLocked, isBegun } = await this.#look(signal);
      if (isSeeded || (!isLocked && !isBegun && this.#servers.length === 0)) return;
      if (isLocked) await pause(this.#clock, LOOK_MS, signal);
      else if (isBegun || this.#servers.length > CHUNK) await this.#seedLocked(isBegun, signal);
      else await this.#seedAtOnce(signal);
    }
  }

  /**
   * The same, and tries again where it does not work. Never rejects.
   *
   * @param signal Ends it.
   * @param options `random` is a number from 0 up to, but without, 1; `onFailure` is told of each
   * failure.
   */
  async runSteadily(
    signal: AbortSignal,
    { random, onFailure }: {
      readonly random: () => number;
      readonly onFailure: (error: unknown) => void;
    },
  ): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await this.run(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof EtcdError)) logger.error("Unexpected: {error}", { error });
        onFailure(error);
        await pause(this.#clock, backoff(failures, random()), signal);
      }
    }
  }

  async #look(signal: AbortSignal): Promise<Stage> {
    const { seeded, seedingLock, seedingBegun, servers } = this.#keys;
    const { entries } = await this.#etcd.range({ from: seeded, to: servers }, { signal });
    const keys = new Set(entries.map(({ key }) => key));
    return {
      isSeeded: keys.has(seeded),
      isLocked: keys.has(seedingLock),
      isBegun: keys.has(seedingBegun),
    };
  }

  async #seedAtOnce(signal: AbortSignal): Promise<void> {
    const { seeded, seedingLock, seedingBegun } = this.#keys;
    const nobodyElse = [seeded, seedingLock, seedingBegun].map(absent);
    const puts = await this.#isEmpty(signal) ? this.#puts() : [];
    const writes = [...puts, this.#mark()];
    if (await this.#write(nobodyElse, writes, signal) !== undefined) this.#tell(puts.length);
  }

  /** Writes in several transactions, each of which holds only as long as the lock does. */
  async #seedLocked(isBegun: boolean, signal: AbortSignal): Promise<void> {
    const { seeded, seedingLock, seedingBegun } = this.#keys;
    const lease = await this.#etcd.grant(LOCK_SECONDS, signal);
    try {
      const lock = { put: seedingLock, value: "{}", lease };
      const revision = await this.#write([seeded, seedingLock].map(absent), [lock], signal);
      if (revision === undefined) return;
      const held = [absent(seeded), { key: seedingLock, modRevision: revision }];
      // What somebody has written by hand stays; what a seeder has left that died does not.
      const isKept = !isBegun && !await this.#isEmpty(signal);
      const writes = isKept ? [] : [...await this.#leftovers(signal), ...this.#puts()];
      for (let at = 0; at < writes.length; at += CHUNK) {
        if (!await this.#keep(lease, signal)) return;
        const begin = { put: seedingBegun, value: "{}" };
        const chunk = [begin, ...writes.slice(at, at + CHUNK)];
        if (await this.#write(held, chunk, signal) === undefined) return;
      }
      const end = [this.#mark(), { delete: seedingBegun }, { delete: seedingLock }];
      if (await this.#write(held, end, signal) === undefined) return;
      this.#tell(isKept ? 0 : this.#servers.length);
    } finally {
      // Where this cannot be done, it ends by itself.
      await this.#etcd.revoke(lease, signal).catch(() => {});
    }
  }

  /** Returns whether the lock is still held. */
  async #keep(lease: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#etcd.keepAlive(lease, signal);
      return true;
    } catch (error) {
      if (error instanceof EtcdError && error.failure === "no_lease") return false;
      throw error;
    }
  }

  async #isEmpty(signal: AbortSignal): Promise<boolean> {
    const { count } = await this.#etcd.range(keysUnder(this.#keys.servers), { signal, limit: 1 });
    return count === 0;
  }

  /** Deletes the servers that are there and shall not be. */
  async #leftovers(signal: AbortSignal): Promise<EtcdWrite[]> {
    const { entries } = await this.#etcd.range(keysUnder(this.#keys.servers), { signal });
    const wanted = new Set(this.#servers.map((server) => this.#keys.servers + server.url));
    return entries.filter(({ key }) => !wanted.has(key)).map(({ key }) => ({ delete: key }));
  }

  /** Returns the revision of what was written; undefined where a condition does not hold. */
  async #write(
    when: readonly EtcdCondition[],
    writes: readonly EtcdWrite[],
    signal: AbortSignal,
  ): Promise<number | undefined> {
    try {
      const { done, revision } = await this.#etcd.transact({ when, writes }, signal);
      return done ? revision : undefined;
    } catch (error) {
      // Whether it was done, the next look will show.
      if (error instanceof EtcdError && error.failure === "unknown") return undefined;
      throw error;
    }
  }

  #puts(): EtcdWrite[] {
    return this.#servers.map((server) => (
      { put: this.#keys.servers + server.url, value: writeServerValue(server) }
    ));
  }

  #mark(): EtcdWrite {
    return { put: this.#keys.seeded, value: JSON.stringify({ at: this.#clock.date() }) };
  }

  #tell(count: number): void {
    const { prefix } = this.#keys;
    if (count === 0) return logger.info("etcd has servers under {prefix} already", { prefix });
    logger.info("Wrote {count} servers to etcd under {prefix}, which had none", { count, prefix });
  }
}

function absent(key: string): EtcdCondition {
  return { key, modRevision: 0 };
}
