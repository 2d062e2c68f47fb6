import type { EtcdCredentials } from "./etcd_options.ts";

/** A key of etcd with its value. Revisions are below 2⁵³. */
export interface EtcdKeyValue {
  /** The key, as text. */
  readonly key: string;
  /** The value, as text; bytes that are not UTF-8 become replacement characters. */
  readonly value: string;
  /** Revision of the store at which the key was created. */
  readonly createRevision: number;
  /** Revision of the store at which the key was last written. */
  readonly modRevision: number;
}

/** The keys of a range at one revision. */
export interface EtcdRange {
  /** Revision of the whole store. */
  readonly revision: number;
  /** The keys with their values, in byte order. */
  readonly keyValues: readonly EtcdKeyValue[];
  /** Number of keys in the range, including those that the options left out. */
  readonly count: number;
}

/** Options of {@linkcode Etcd.range}. */
export interface EtcdRangeOptions {
  /** Only keys written at this revision or later. Default: all. */
  readonly since?: number;
  /** Maximum number of keys to return. Default: no limit. */
  readonly limit?: number;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

/** A condition of a transaction: the revision at which a key was last written; 0 if it must not exist. */
export interface EtcdCondition {
  /** The key. */
  readonly key: string;
  /** The required revision. */
  readonly modRevision: number;
}

/** One write of a transaction. */
export type EtcdWrite =
  | { readonly put: string; readonly value: string; readonly lease?: string }
  | { readonly delete: string };

/** Conditional writes, applied all together or not at all. */
export interface EtcdTransaction {
  /** Conditions that must all hold. */
  readonly when: readonly EtcdCondition[];
  /** The writes. */
  readonly writes: readonly EtcdWrite[];
}

/** The outcome of a transaction. */
export interface EtcdOutcome {
  /** Whether the conditions held and the writes were applied. */
  readonly done: boolean;
  /** Revision of the store afterwards. */
  readonly revision: number;
  /** If the conditions did not hold: the current values of their keys, where those exist. */
  readonly found: readonly EtcdKeyValue[];
}

/** A change of a key. */
export type EtcdChange =
  | { readonly type: "put"; readonly keyValue: EtcdKeyValue }
  | { readonly type: "delete"; readonly key: string; readonly modRevision: number };

/** A range of keys: `from` inclusive, `to` exclusive. */
export interface EtcdKeys {
  /** The first key. */
  readonly from: string;
  /** The first key after the range. */
  readonly to: string;
}

/** Options of {@linkcode Etcd.watch}. */
export interface EtcdWatch {
  /** The keys to watch. */
  readonly keys: EtcdKeys;
  /** The first revision to report. */
  readonly revision: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called once when etcd has confirmed the watch. */
  onStart?(): void;
  /**
   * Called with the changes of one or more whole revisions, in order. `revision` is that of the last
   * change: to resume, watch from the revision after it.
   */
  onChanges(changes: readonly EtcdChange[], revision: number): void;
}

/** Why a call to etcd failed. */
export type EtcdFailure =
  /** No endpoint accepted the request: nothing has happened. */
  | "unreachable"
  /** An endpoint may have accepted the request but did not report the outcome. */
  | "unknown"
  /** The revision to watch from is compacted: read the keys again. */
  | "compacted"
  /** The lease has expired. */
  | "no_lease"
  /** The user or password is wrong, or the user lacks a permission. */
  | "denied"
  /** etcd has reached its space quota: it still deletes, and accepts nothing that needs space. */
  | "no_space"
  /** etcd refused for another reason; see the message. */
  | "refused";

/** Error of a call to etcd. */
export class EtcdError extends Error {
  /** Why the call failed. */
  readonly failure: EtcdFailure;

  /**
   * @param failure Why the call failed.
   * @param message The operation, the endpoint and the reason.
   * @param options The cause.
   */
  constructor(failure: EtcdFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EtcdError";
    this.failure = failure;
  }
}

/**
 * The operations of etcd that Ballast uses. A call fails over to the next endpoint as long as it
 * cannot take effect twice. An endpoint has 3 s to answer. An aborted call rejects with the reason of
 * its signal; a transaction may have been applied by then.
 */
export interface Etcd {
  /** The endpoint that answered last; undefined before the first answer. */
  readonly endpoint: string | undefined;
  /**
   * Reads keys from the majority (linearizable).
   *
   * @throws {EtcdError}
   */
  range(keys: EtcdKeys, options?: EtcdRangeOptions): Promise<EtcdRange>;
  /**
   * Runs a transaction.
   *
   * @throws {EtcdError} `unknown` if it may have been applied.
   */
  transact(transaction: EtcdTransaction, signal?: AbortSignal): Promise<EtcdOutcome>;
  /**
   * Watches keys until the signal is aborted (then it resolves) or the connection breaks. A member
   * that hangs or has lost the majority is detected after 2 s of silence and at most 3 s more. A dead
   * connection to a healthy member is not: compare the changes received with a range now and then if
   * none may be missed.
   *
   * @throws {EtcdError} `compacted`, `unreachable` if the connection broke, or `denied`.
   */
  watch(watch: EtcdWatch): Promise<void>;
  /**
   * Grants a lease.
   *
   * @param seconds Time to live without a keep-alive.
   * @returns The lease ID.
   * @throws {EtcdError}
   */
  grant(seconds: number, signal?: AbortSignal): Promise<string>;
  /**
   * Renews a lease for its whole time to live.
   *
   * @throws {EtcdError} `no_lease` if it has expired.
   */
  keepAlive(lease: string, signal?: AbortSignal): Promise<void>;
  /** Revokes a lease and deletes the keys attached to it. Harmless if it has expired. */
  revoke(lease: string, signal?: AbortSignal): Promise<void>;
  /**
   * Uses other credentials from the next call on; calls in progress keep the old ones.
   *
   * @param credentials The complete credentials: what is left out is no longer used.
   * @param options `verify`: a range to read with the new credentials first. Default: they are not
   * tried. `signal` aborts that.
   * @throws {BalancerError} `invalid` or `unsupported` for certificates that cannot be used.
   * @throws {EtcdError} If the range cannot be read. After any error the old credentials stay in use.
   */
  setCredentials(
    credentials: EtcdCredentials,
    options?: { readonly verify?: EtcdKeys; readonly signal?: AbortSignal },
  ): Promise<void>;
}

/** The keys that begin with a prefix. */
export function keysUnder(prefix: string): EtcdKeys {
  // Every prefix here ends with "/", and "0" is the next character.
  return { from: prefix, to: prefix.slice(0, -1) + "0" };
}

/** The key that a change is about. */
export function keyOf(change: EtcdChange): string {
  return change.type === "put" ? change.keyValue.key : change.key;
}

/** The revision at which a change was made. */
export function revisionOf(change: EtcdChange): number {
  return change.type === "put" ? change.keyValue.modRevision : change.modRevision;
}
