import type { Clock } from "../../runtime/clock.ts";
import { BalancerError } from "../../model/errors.ts";
import { backoff } from "../../runtime/backoff.ts";
import type { Connection } from "./connection.ts";
import { type Etcd, EtcdError, type EtcdKeyValue, type EtcdWrite } from "../etcd/etcd_types.ts";
import { pause } from "../../runtime/wait.ts";

/** How long it may take to find out what became of a change, in milliseconds. */
const LIMIT_MS = 15_000;

/** A change of one server's key. */
export interface ServerWrite {
  /** What is done, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** The key. */
  readonly key: string;
  /** The revision that the key must have; 0 for none. */
  readonly revision: number;
  /** What it is to hold; undefined for nothing. */
  readonly value: string | undefined;
  /** What is written together with it, and kept for a while. Default: nothing. */
  readonly record?: KeptRecord | undefined;
}

/** A key that is gone after a while. */
export interface KeptRecord {
  /** The key. */
  readonly key: string;
  /** What it holds. */
  readonly value: string;
  /** For how long it is kept, in seconds. */
  readonly seconds: number;
  /** Whether the change is not made without it, where etcd has no space for it. */
  readonly isNeeded: boolean;
}

/** Records that are written where there is no change to be made. */
export interface RecordWrite {
  /** What is done, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** They, each with a key that must not be there: 128 at most. */
  readonly records: readonly {
    readonly key: string;
    readonly value: string;
    readonly unless: string;
  }[];
  /** For how long they are kept, in seconds. */
  readonly seconds: number;
}

/** What a {@linkcode ServerWriter} works with. */
export interface ServerWriterParts {
  /** Where it is written. */
  readonly etcd: Etcd;
  /** Whether etcd can be reached. */
  readonly connection: Connection;
  /** The time and the timers. */
  readonly clock: Clock;
  /** A number from 0 up to, but without, 1. */
  readonly random: () => number;
}

/** Writes changes of servers to etcd, each in one transaction, and finds out what became of it. */
export class ServerWriter {
  readonly #parts: ServerWriterParts;

  /** @param parts What to work with. */
  constructor(parts: ServerWriterParts) {
    this.#parts = parts;
  }

  /**
   * Writes a change.
   *
   * @param write The change.
   * @param signal Ends it.
   * @returns Whether it was made; if not, the key had another revision.
   * @throws {BalancerError} `unavailable` if nothing has changed; `unconfirmed` if that is not known.
   */
  async write(write: ServerWrite, signal: AbortSignal): Promise<boolean> {
    const { connection, clock } = this.#parts;
    if (!connection.connected) throw unavailable(write, awayText(connection));
    const limit = new AbortController();
    const cancel = clock.after(LIMIT_MS, () => limit.abort());
    try {
      return await this.#send(write, AbortSignal.any([signal, limit.signal]));
    } finally {
      cancel();
    }
  }

  /**
   * Writes records, less those that must not be written any more.
   *
   * @param write The records.
   * @param signal Ends it.
   * @throws {BalancerError} `unavailable` if nothing has changed; `unconfirmed` if that is not known.
   */
  async record({ what, records, seconds }: RecordWrite, signal: AbortSignal): Promise<void> {
    const { etcd, connection, clock } = this.#parts;
    if (!connection.connected) throw unavailable({ what }, awayText(connection));
    const limit = new AbortController();
    const cancel = clock.after(LIMIT_MS, () => limit.abort());
    const ends = AbortSignal.any([signal, limit.signal]);
    let left = records;
    try {
      const lease = await etcd.grant(seconds, ends);
      while (left.length > 0) {
        const when = left.map(({ unless }) => ({ key: unless, modRevision: 0 }));
        const writes = left.map(({ key, value }) => ({ put: key, value, lease }));
        const { done, found } = await etcd.transact({ when, writes }, ends);
        if (done) return;
        const there = new Set(found.map(({ key }) => key));
        left = left.filter(({ unless }) => !there.has(unless));
      }
    } catch (error) {
      const why = asUnknown(error, ends);
      if (why.failure === "unknown") throw unconfirmed({ what }, why.message);
      throw refused({ what }, why);
    } finally {
      cancel();
    }
  }

  async #send(write: ServerWrite, signal: AbortSignal): Promise<boolean> {
    const { key, revision, value } = write;
    const when = [{ key, modRevision: revision }];
    const own = value === undefined ? { delete: key } : { put: key, value };
    const writes = [own, ...await this.#beside(write, signal)];
    for (let isRepeated = false;; isRepeated = true) {
      let why: EtcdError;
      try {
        const { done, found } = await this.#parts.etcd.transact({ when, writes }, signal);
        if (done) return true;
        if (!isRepeated) return false;
        return isMade(write, found[0]);
      } catch (error) {
        why = asUnknown(error, signal);
        if (!isRepeated && why.failure !== "unknown") throw refused(write, why);
      }
      const entry = await this.#read(write, why, signal);
      // What was not done is done by nobody else: the next transaction has the same condition.
      if ((entry?.modRevision ?? 0) !== revision) return isMade(write, entry);
    }
  }

  async #beside(write: ServerWrite, signal: AbortSignal): Promise<EtcdWrite[]> {
    if (write.record === undefined) return [];
    const { key, value, seconds, isNeeded } = write.record;
    try {
      return [{ put: key, value, lease: await this.#parts.etcd.grant(seconds, signal) }];
    } catch (error) {
      const why = asUnknown(error, signal);
      if (why.failure === "no_space" && !isNeeded) return [];
      throw refused(write, why);
    }
  }

  /** The key as it is after a transaction that nobody knows the outcome of. */
  async #read(
    write: ServerWrite,
    why: EtcdError,
    signal: AbortSignal,
  ): Promise<EtcdKeyValue | undefined> {
    const { etcd, clock, random } = this.#parts;
    const keys = { from: write.key, to: `${write.key}\0` };
    for (let failures = 1; !signal.aborted; failures++) {
      await pause(clock, backoff(failures, random()), signal);
      try {
        return (await etcd.range(keys, { signal })).entries[0];
      } catch (error) {
        if (!(error instanceof EtcdError) && !signal.aborted) throw error;
      }
    }
    throw unconfirmed(write, why.message);
  }
}

/** What somebody wants to do, for messages. */
type Intent = Pick<ServerWrite, "what">;

/** Whether a key that has changed since holds what was to be written. */
function isMade(write: ServerWrite, entry: EtcdKeyValue | undefined): boolean {
  if (entry?.value === write.value) return true;
  throw unconfirmed(write, "somebody else has changed it meanwhile");
}

/** Where the time is over in the middle of a transaction, it may have been done. */
function asUnknown(error: unknown, signal: AbortSignal): EtcdError {
  if (error instanceof EtcdError) return error;
  if (!signal.aborted) throw error;
  return new EtcdError("unknown", "etcd has not answered in time");
}

function awayText({ since, error }: Connection): string {
  const why = error === undefined ? "" : ` (${error})`;
  return `etcd has not been reached since ${since.toISOString()}${why}`;
}

/** The error for a change that etcd has not taken. */
function refused(write: Intent, { failure, message }: EtcdError): BalancerError {
  const isAway = failure === "unreachable" || failure === "unknown";
  return unavailable(write, message, isAway ? undefined : "try again once etcd takes it");
}

function unavailable(
  { what }: Intent,
  why: string,
  hint = "try again when it is reached, which GET /healthz tells",
): BalancerError {
  const next = `nothing has changed; ${hint}`;
  return new BalancerError("unavailable", `Cannot ${what}: ${why}; ${next}`);
}

/** The error for a change that may have been made. */
export function unconfirmed({ what }: Intent, why: string): BalancerError {
  const next = "see what the server is now, and decide again";
  return new BalancerError(
    "unconfirmed",
    `Cannot tell whether it was possible to ${what}: ${why}; ${next}`,
  );
}
