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
import { backoff, pause } from "../../runtime/time.ts";
import type { EtcdContext } from "./connectivity.ts";
import { serverValue } from "./server_value.ts";
import type { SharedKeys } from "./shared_keys.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Servers per transaction: etcd allows 128 writes in one by default. */
const CHUNK = 100;
/** Time to live of the lock, in seconds. */
const LOCK_SECONDS = 10;
/** How often to check whether another balancer has finished, in milliseconds. */
const POLL_MS = 500;

/** Progress of the seeding. */
interface Progress {
  readonly isSeeded: boolean;
  readonly isLocked: boolean;
  /** Whether the initial servers may have been written in part. */
  readonly isBegun: boolean;
}

/**
 * Writes the initial servers under an empty prefix; only one of several balancers does so. Servers
 * that fit into one transaction are written by one. Others are written under a lock, which expires if
 * its holder dies; the next holder starts over. No balancer uses the servers before all are written.
 */
export class Seeder {
  readonly #etcd: Etcd;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #keys: SharedKeys;
  readonly #servers: readonly Server[];

  /**
   * @param context The etcd client and the clock.
   * @param keys The keys in etcd.
   * @param servers The initial servers, validated.
   */
  constructor(
    { etcd, clock, random }: Omit<EtcdContext, "connectivity">,
    keys: SharedKeys,
    servers: readonly ServerInit[],
  ) {
    this.#etcd = etcd;
    this.#clock = clock;
    this.#random = random;
    this.#keys = keys;
    this.#servers = servers.map(completeServer);
  }

  /**
   * Returns when there are initial servers: those of this balancer, of another one, or servers written
   * by hand.
   *
   * @param signal Aborts it.
   * @throws {EtcdError} If a call to etcd fails.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { isSeeded, isLocked, isBegun } = await this.#readProgress(signal);
      if (isSeeded || (!isLocked && !isBegun && this.#servers.length === 0)) return;
      if (isLocked) await pause(this.#clock, POLL_MS, signal);
      else if (isBegun || this.#servers.length > CHUNK) await this.#seedLocked(isBegun, signal);
      else await this.#seedAtOnce(signal);
    }
  }

  /**
   * Does the same, and retries after failures. Never rejects.
   *
   * @param signal Aborts it.
   * @param onFailure Called with each failure.
   */
  async runWithRetry(signal: AbortSignal, onFailure: (error: unknown) => void): Promise<void> {
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        return await this.run(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof EtcdError)) {
          logger.error("Unexpected error while seeding etcd: {error}", { error });
        }
        onFailure(error);
        await pause(this.#clock, backoff(failures, this.#random()), signal);
      }
    }
  }

  async #readProgress(signal: AbortSignal): Promise<Progress> {
    const { seeded, seedingLock, seedingBegun, servers } = this.#keys;
    const { keyValues } = await this.#etcd.range({ from: seeded, to: servers }, { signal });
    const keys = new Set(keyValues.map(({ key }) => key));
    return {
      isSeeded: keys.has(seeded),
      isLocked: keys.has(seedingLock),
      isBegun: keys.has(seedingBegun),
    };
  }

  async #seedAtOnce(signal: AbortSignal): Promise<void> {
    const { seeded, seedingLock, seedingBegun } = this.#keys;
    const unclaimed = [seeded, seedingLock, seedingBegun].map(absent);
    const puts = await this.#isEmpty(signal) ? this.#puts() : [];
    const writes = [...puts, this.#mark()];
    if (await this.#write(unclaimed, writes, signal) !== undefined) this.#logOutcome(puts.length);
  }

  /** Writes in several transactions, each on condition that the lock is still held. */
  async #seedLocked(isBegun: boolean, signal: AbortSignal): Promise<void> {
    const { seeded, seedingLock, seedingBegun } = this.#keys;
    const lease = await this.#etcd.grant(LOCK_SECONDS, signal);
    try {
      const lock = { put: seedingLock, value: "{}", lease };
      const revision = await this.#write([seeded, seedingLock].map(absent), [lock], signal);
      if (revision === undefined) return;
      const held = [absent(seeded), { key: seedingLock, modRevision: revision }];
      // Servers written by hand stay; those of a seeder that died halfway do not.
      const isKept = !isBegun && !await this.#isEmpty(signal);
      const writes = isKept ? [] : [...await this.#leftovers(signal), ...this.#puts()];
      for (let at = 0; at < writes.length; at += CHUNK) {
        if (!await this.#renew(lease, signal)) return;
        const begin = { put: seedingBegun, value: "{}" };
        const chunk = [begin, ...writes.slice(at, at + CHUNK)];
        if (await this.#write(held, chunk, signal) === undefined) return;
      }
      const end = [this.#mark(), { delete: seedingBegun }, { delete: seedingLock }];
      if (await this.#write(held, end, signal) === undefined) return;
      this.#logOutcome(isKept ? 0 : this.#servers.length);
    } finally {
      // If this fails, the lease expires.
      await this.#etcd.revoke(lease, signal).catch(() => {});
    }
  }

  /** Renews the lock; returns whether it is still held. */
  async #renew(lease: string, signal: AbortSignal): Promise<boolean> {
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

  /** Deletions of the servers that are not among the initial ones. */
  async #leftovers(signal: AbortSignal): Promise<EtcdWrite[]> {
    const { keyValues } = await this.#etcd.range(keysUnder(this.#keys.servers), { signal });
    const wanted = new Set(this.#servers.map((server) => this.#keys.servers + server.url));
    return keyValues.filter(({ key }) => !wanted.has(key)).map(({ key }) => ({ delete: key }));
  }

  /** Runs a transaction; returns its revision, or undefined if a condition did not hold. */
  async #write(
    when: readonly EtcdCondition[],
    writes: readonly EtcdWrite[],
    signal: AbortSignal,
  ): Promise<number | undefined> {
    try {
      const { done, revision } = await this.#etcd.transact({ when, writes }, signal);
      return done ? revision : undefined;
    } catch (error) {
      // The next read shows whether it was applied.
      if (error instanceof EtcdError && error.failure === "unknown") return undefined;
      throw error;
    }
  }

  #puts(): EtcdWrite[] {
    return this.#servers.map((server) => (
      { put: this.#keys.servers + server.url, value: serverValue(server) }
    ));
  }

  #mark(): EtcdWrite {
    return { put: this.#keys.seeded, value: JSON.stringify({ at: this.#clock.date() }) };
  }

  #logOutcome(count: number): void {
    const { prefix } = this.#keys;
    if (count === 0) return logger.info("etcd already has servers under {prefix}", { prefix });
    logger.info("Seeded etcd with {count} servers under {prefix}", { count, prefix });
  }
}

function absent(key: string): EtcdCondition {
  return { key, modRevision: 0 };
}
