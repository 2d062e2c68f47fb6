import { BalancerError } from "../../model/errors.ts";
import { backoff, pause, withTimeout } from "../../runtime/time.ts";
import { EtcdError, type EtcdKeyValue, type EtcdWrite } from "../etcd/etcd_types.ts";
import type { Connectivity, EtcdContext } from "./connectivity.ts";

/** Time limit for a write and for finding out its outcome, in milliseconds. */
const LIMIT_MS = 15_000;

/** A change of one server's key. */
export interface ServerWrite {
  /** The operation, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** The key. */
  readonly key: string;
  /** The revision that the key must have; 0 if it must not exist. */
  readonly revision: number;
  /** The new value; undefined to delete the key. */
  readonly value: string | undefined;
  /** A record to write with it. Default: none. */
  readonly record?: ExpiringRecord | undefined;
}

/** A key that expires. */
export interface ExpiringRecord {
  /** The key. */
  readonly key: string;
  /** The value. */
  readonly value: string;
  /** Time to live in seconds. */
  readonly seconds: number;
  /** Whether the change fails if etcd has no space for the record. */
  readonly isRequired: boolean;
}

/** Records to write without a change of a server. */
export interface RecordWrite {
  /** The operation, for messages: "Cannot {what}: …". */
  readonly what: string;
  /** The records, at most 128; each is skipped if the key `unless` exists. */
  readonly records: readonly {
    readonly key: string;
    readonly value: string;
    readonly unless: string;
  }[];
  /** Time to live in seconds. */
  readonly seconds: number;
}

/** Writes changes of servers to etcd, one transaction each, and finds out their outcome. */
export class ServerWriter {
  readonly #context: EtcdContext;

  /** @param context The etcd client and its connectivity. */
  constructor(context: EtcdContext) {
    this.#context = context;
  }

  /**
   * Writes a change.
   *
   * @param write The change.
   * @param signal Aborts it.
   * @returns Whether it was applied; if not, the key had another revision.
   * @throws {BalancerError} `unavailable` if nothing has changed; `unconfirmed` if that is unknown.
   */
  async write(write: ServerWrite, signal: AbortSignal): Promise<boolean> {
    const { connectivity, clock } = this.#context;
    if (!connectivity.isUp) throw unavailable(write, downText(connectivity));
    const limit = { clock, milliseconds: LIMIT_MS, signal };
    return await withTimeout(limit, (signal) => this.#send(write, signal));
  }

  /**
   * Writes records.
   *
   * @param write The records.
   * @param signal Aborts it.
   * @throws {BalancerError} `unavailable` if nothing has changed; `unconfirmed` if that is unknown.
   */
  async record(write: RecordWrite, signal: AbortSignal): Promise<void> {
    const { connectivity, clock } = this.#context;
    if (!connectivity.isUp) throw unavailable(write, downText(connectivity));
    const limit = { clock, milliseconds: LIMIT_MS, signal };
    await withTimeout(limit, (signal) => this.#sendRecords(write, signal));
  }

  async #sendRecords({ what, records, seconds }: RecordWrite, signal: AbortSignal): Promise<void> {
    const { etcd } = this.#context;
    let remaining = records;
    try {
      const lease = await etcd.grant(seconds, signal);
      while (remaining.length > 0) {
        const when = remaining.map(({ unless }) => ({ key: unless, modRevision: 0 }));
        const writes = remaining.map(({ key, value }) => ({ put: key, value, lease }));
        const { done, found } = await etcd.transact({ when, writes }, signal);
        if (done) return;
        const existing = new Set(found.map(({ key }) => key));
        remaining = remaining.filter(({ unless }) => !existing.has(unless));
      }
    } catch (error) {
      const why = toEtcdError(error, signal);
      if (why.failure === "unknown") throw unconfirmed({ what }, why.message);
      throw refused({ what }, why);
    }
  }

  async #send(write: ServerWrite, signal: AbortSignal): Promise<boolean> {
    const { key, revision, value } = write;
    const when = [{ key, modRevision: revision }];
    const change = value === undefined ? { delete: key } : { put: key, value };
    const writes = [change, ...await this.#recordWrites(write, signal)];
    for (let isRetry = false;; isRetry = true) {
      let why: EtcdError;
      try {
        const { done, found } = await this.#context.etcd.transact({ when, writes }, signal);
        if (done) return true;
        if (!isRetry) return false;
        return isApplied(write, found[0]);
      } catch (error) {
        why = toEtcdError(error, signal);
        if (!isRetry && why.failure !== "unknown") throw refused(write, why);
      }
      const keyValue = await this.#read(write, why, signal);
      // If the key is unchanged, a retry is safe: it has the same condition.
      if ((keyValue?.modRevision ?? 0) !== revision) return isApplied(write, keyValue);
    }
  }

  async #recordWrites(write: ServerWrite, signal: AbortSignal): Promise<EtcdWrite[]> {
    if (write.record === undefined) return [];
    const { key, value, seconds, isRequired } = write.record;
    try {
      return [{ put: key, value, lease: await this.#context.etcd.grant(seconds, signal) }];
    } catch (error) {
      const why = toEtcdError(error, signal);
      if (why.failure === "no_space" && !isRequired) return [];
      throw refused(write, why);
    }
  }

  /** Reads the key after a transaction with an unknown outcome. */
  async #read(
    write: ServerWrite,
    why: EtcdError,
    signal: AbortSignal,
  ): Promise<EtcdKeyValue | undefined> {
    const { etcd, clock, random } = this.#context;
    const keys = { from: write.key, to: `${write.key}\0` };
    for (let failures = 1; !signal.aborted; failures++) {
      await pause(clock, backoff(failures, random()), signal);
      try {
        return (await etcd.range(keys, { signal })).keyValues[0];
      } catch (error) {
        if (!(error instanceof EtcdError) && !signal.aborted) throw error;
      }
    }
    throw unconfirmed(write, why.message);
  }
}

/** The operation, for messages. */
type Operation = Pick<ServerWrite, "what">;

/** Whether a key that has changed since has the value that was to be written. */
function isApplied(write: ServerWrite, keyValue: EtcdKeyValue | undefined): boolean {
  if (keyValue?.value === write.value) return true;
  throw unconfirmed(write, "the server has been changed by someone else since");
}

/** A transaction that was aborted midway may have been applied. */
function toEtcdError(error: unknown, signal: AbortSignal): EtcdError {
  if (error instanceof EtcdError) return error;
  if (!signal.aborted) throw error;
  return new EtcdError("unknown", "etcd did not answer in time");
}

function downText({ since, error }: Connectivity): string {
  const why = error === undefined ? "" : ` (${error})`;
  return `etcd has been unreachable since ${since.toISOString()}${why}`;
}

/** Error for a change that etcd did not accept. */
function refused(operation: Operation, { failure, message }: EtcdError): BalancerError {
  const isDown = failure === "unreachable" || failure === "unknown";
  return unavailable(operation, message, isDown ? undefined : "try again once etcd accepts it");
}

function unavailable(
  { what }: Operation,
  why: string,
  hint = "try again once etcd is reachable (see GET /healthz)",
): BalancerError {
  return new BalancerError("unavailable", `Cannot ${what}: ${why}; nothing has changed; ${hint}`);
}

/** Error for a change that may have been applied. */
export function unconfirmed({ what }: Operation, why: string): BalancerError {
  return new BalancerError(
    "unconfirmed",
    `Cannot confirm the attempt to ${what}: ${why}; check the server's current state and try again`,
  );
}
