import type { EtcdCredentials } from "./etcd_options.ts";

/** A key of etcd with what it holds. Revisions are below 2⁵³. */
export interface EtcdKeyValue {
  /** The key, as text. */
  readonly key: string;
  /** The value, as text; what is not UTF-8 has replacement characters. */
  readonly value: string;
  /** The revision of the store at which the key was made. */
  readonly createRevision: number;
  /** The revision of the store at which the key was last written. */
  readonly modRevision: number;
}

/** What a range of keys held at one revision. */
export interface EtcdRange {
  /** The revision of the whole store. */
  readonly revision: number;
  /** The keys, in the order of their bytes. */
  readonly entries: readonly EtcdKeyValue[];
  /** How many keys there are in all, those included that were not asked for. */
  readonly count: number;
}

/** Which keys of a range are asked for. */
export interface EtcdRangeOptions {
  /** Only those that were written at this revision or later. Default: all. */
  readonly since?: number;
  /** So many at most. Default: any number. */
  readonly limit?: number;
  /** Calls it off. */
  readonly signal?: AbortSignal;
}

/** A condition of a transaction: the revision at which a key was last written; 0 if it is not there. */
export interface EtcdCondition {
  /** The key. */
  readonly key: string;
  /** The revision that it must have. */
  readonly modRevision: number;
}

/** One write of a transaction. */
export type EtcdWrite =
  | { readonly put: string; readonly value: string; readonly lease?: string }
  | { readonly delete: string };

/** Writes that are all done, or none, by conditions. */
export interface EtcdTransaction {
  /** What must hold, all of it. */
  readonly when: readonly EtcdCondition[];
  /** What is written then. */
  readonly writes: readonly EtcdWrite[];
}

/** What came of a transaction. */
export interface EtcdOutcome {
  /** Whether the conditions held, and everything was written. */
  readonly done: boolean;
  /** The revision of the store after it. */
  readonly revision: number;
  /** Where they did not hold: what the keys of the conditions are now, those that are there. */
  readonly found: readonly EtcdKeyValue[];
}

/** A change of a key. */
export type EtcdChange =
  | { readonly type: "put"; readonly entry: EtcdKeyValue }
  | { readonly type: "delete"; readonly key: string; readonly modRevision: number };

/** Where the keys begin and end that are read or watched: from `from` up to, but without, `to`. */
export interface EtcdKeys {
  /** The first key. */
  readonly from: string;
  /** The first key that is no longer one of them. */
  readonly to: string;
}

/** What watches a range of keys. */
export interface EtcdWatch {
  /** The keys. */
  readonly keys: EtcdKeys;
  /** The first revision whose changes are told. */
  readonly revision: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Called once when etcd has confirmed the watch. */
  onStart?(): void;
  /**
   * Called with the changes of one or more revisions, in their order; never with a part of those of
   * one revision. The revision is that of the last change: a watch that goes on begins one behind it.
   */
  onChanges(changes: readonly EtcdChange[], revision: number): void;
}

/** Why etcd did not do what it was asked for. */
export type EtcdFailure =
  /** No endpoint took the request: nothing has happened. */
  | "unreachable"
  /** An endpoint may have taken the request, and has not told what came of it. */
  | "unknown"
  /** The revision to watch from is no longer kept: list again. */
  | "compacted"
  /** The lease is over. */
  | "no_lease"
  /** The user or the password is wrong, or lacks a right. */
  | "denied"
  /** etcd is at its quota: it takes nothing that needs space, and still deletes. */
  | "no_space"
  /** etcd refused for another reason; the message has it. */
  | "refused";

/** The error for what etcd did not do. */
export class EtcdError extends Error {
  /** Why. */
  readonly failure: EtcdFailure;

  /**
   * @param failure Why.
   * @param message What was asked of whom, and why it was not done.
   * @param options The cause.
   */
  constructor(failure: EtcdFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "EtcdError";
    this.failure = failure;
  }
}

/**
 * What is needed of etcd. Every call goes to an endpoint that answers: from one that does not, it
 * goes on to the next, as long as that cannot do a thing twice. An endpoint has 3 s to answer. A call
 * whose signal is aborted rejects with the signal's reason; a transaction may have been done then.
 */
export interface Etcd {
  /** Where etcd was reached last; undefined before. */
  readonly endpoint: string | undefined;
  /**
   * Reads keys, as the majority has them (linearizable).
   *
   * @throws {EtcdError}
   */
  range(keys: EtcdKeys, options?: EtcdRangeOptions): Promise<EtcdRange>;
  /**
   * Writes by conditions.
   *
   * @throws {EtcdError} `unknown` where it may have been done.
   */
  transact(transaction: EtcdTransaction, signal?: AbortSignal): Promise<EtcdOutcome>;
  /**
   * Watches keys until the signal says to end (resolves then) or the connection breaks. A member that
   * hangs or has lost the majority is noticed, after 2 s of silence and another 3 s at most. Where
   * nothing but the connection is dead, it is not: who must not miss a change compares what the watch
   * has told with a range now and then.
   *
   * @throws {EtcdError} `compacted`, `unreachable` when the connection broke, `denied`.
   */
  watch(watch: EtcdWatch): Promise<void>;
  /**
   * Takes a lease.
   *
   * @param seconds For how long it holds without being kept alive.
   * @returns Its id.
   * @throws {EtcdError}
   */
  grant(seconds: number, signal?: AbortSignal): Promise<string>;
  /**
   * Makes a lease hold for its whole time again.
   *
   * @throws {EtcdError} `no_lease` if it is over.
   */
  keepAlive(lease: string, signal?: AbortSignal): Promise<void>;
  /** Ends a lease, and deletes the keys that hang on it. Harmless where it is over. */
  revoke(lease: string, signal?: AbortSignal): Promise<void>;
  /**
   * Uses other credentials from the next call on; what is under way goes on with the old ones.
   *
   * @param credentials All of them: what is left out is no longer used.
   * @param options `verify`: keys of which one is read with them first. Default: none, they are not
   * tried. `signal` calls that off.
   * @throws {BalancerError} `invalid` or `unsupported` for certificates that cannot be used.
   * @throws {EtcdError} If the keys cannot be read. The old ones stay in use, as after any error.
   */
  setCredentials(
    credentials: EtcdCredentials,
    options?: { readonly verify?: EtcdKeys; readonly signal?: AbortSignal },
  ): Promise<void>;
}

/** The keys that begin with a prefix. */
export function keysUnder(prefix: string): EtcdKeys {
  // Every prefix here ends with "/", whose next character is "0".
  return { from: prefix, to: prefix.slice(0, -1) + "0" };
}
