import { getLogger } from "@logtape/logtape";
import { BalancerError } from "../../model/errors.ts";
import type { KeyFault } from "../../model/registry_report.ts";
import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";
import type { KeyListener } from "./key_router.ts";
import { clipped } from "./values.ts";

const logger = getLogger(["ballast", "etcd"]);

/** Maximum length of a key in a fault, in characters. */
const KEY_MAX = 300;

/** A key as it was last written. */
export interface StoredKey<T> {
  /** Revision at which it was written. */
  readonly revision: number;
  /** Its value. */
  readonly text: string;
  /** The parsed value; see {@linkcode KeyStoreOptions.keepsLastValid} for an invalid one. */
  readonly value: T | undefined;
  /** Why the value is invalid; undefined if it is valid. */
  readonly fault: string | undefined;
}

/** A change in a {@linkcode KeyStore}. */
export interface StoredChange<T> {
  /** The key without the prefix. */
  readonly id: string;
  /** The value before; undefined if there was none. */
  readonly before: T | undefined;
  /** The value now; undefined if the key was deleted or its value is invalid. */
  readonly value: T | undefined;
  /** Whether the key was deleted. */
  readonly isDeleted: boolean;
}

/** Options of a {@linkcode KeyStore}. */
export interface KeyStoreOptions<T> {
  /** Prefix of the keys. */
  readonly prefix: string;
  /** Parses the value of a key; throws a {@linkcode BalancerError} if it is invalid. */
  readonly parse: (id: string, text: string) => T;
  /** Whether an invalid value leaves the previous one in effect. Default: false. */
  readonly keepsLastValid?: boolean;
  /** Called after each reset and each batch of changes. Default: nothing. */
  readonly onChange?: (changes: readonly StoredChange<T>[]) => void;
}

/** The keys under one prefix with their parsed values. Logs and remembers invalid values. */
export class KeyStore<T> implements KeyListener {
  readonly #options: KeyStoreOptions<T>;
  readonly #keys = new Map<string, StoredKey<T>>();

  /** @param options The prefix and the parser. */
  constructor(options: KeyStoreOptions<T>) {
    this.#options = options;
  }

  /** The keys without the prefix, including those with invalid values. */
  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /** Number of keys, including those with invalid values. */
  get size(): number {
    return this.#keys.size;
  }

  /** The values, by key without the prefix. */
  get values(): Map<string, T> {
    const values = new Map<string, T>();
    for (const [id, { value }] of this.#keys) if (value !== undefined) values.set(id, value);
    return values;
  }

  /** The key with this ID; undefined if it does not exist. */
  find(id: string): StoredKey<T> | undefined {
    return this.#keys.get(id);
  }

  /** The invalid values, in the order in which their keys first appeared. */
  faults(): KeyFault[] {
    return [...this.#keys].flatMap(([id, { revision, value, fault }]) => {
      if (fault === undefined) return [];
      const effect = value === undefined ? "it is ignored" : "the previous value stays in use";
      const key = clipped(this.#options.prefix + id, KEY_MAX);
      return [{ key, revision, message: `${fault}; ${effect}` }];
    });
  }

  /**
   * Stores a key.
   *
   * @param keyValue The key and its value.
   * @param previous The value that an invalid one leaves in effect. Default: the one stored.
   */
  put(
    { key, value: text, modRevision: revision }: EtcdKeyValue,
    previous?: T,
  ): StoredKey<T> {
    const { keepsLastValid = false } = this.#options;
    const id = this.#idOf(key);
    const before = this.#keys.get(id);
    let value: T | undefined;
    let fault: string | undefined;
    try {
      value = this.#options.parse(id, text);
    } catch (error) {
      if (!(error instanceof BalancerError)) throw error;
      fault = error.message;
      if (keepsLastValid) value = previous ?? before?.value;
      // The same invalid value may be written again and again.
      if (before?.fault !== fault) {
        logger.warn("Ignoring invalid value at {key}: {why}", { key, why: fault });
      }
    }
    const stored = { revision, text, value, fault };
    this.#keys.set(id, stored);
    return stored;
  }

  /** Deletes a key. */
  delete(id: string): void {
    this.#keys.delete(id);
  }

  /** See {@linkcode KeyListener.reset}. Keys that were not written since are no change. */
  reset(keyValues: readonly EtcdKeyValue[]): void {
    const changes: StoredChange<T>[] = [];
    const present = new Set(keyValues.map(({ key }) => this.#idOf(key)));
    for (const id of this.ids) if (!present.has(id)) changes.push(this.#applyDelete(id));
    for (const keyValue of keyValues) {
      const before = this.#keys.get(this.#idOf(keyValue.key));
      if (!isStored(before, keyValue)) changes.push(this.#applyPut(keyValue));
    }
    this.#options.onChange?.(changes);
  }

  /** See {@linkcode KeyListener.change}. */
  change(changes: readonly EtcdChange[]): void {
    const applied = changes.map((change) =>
      change.type === "put"
        ? this.#applyPut(change.keyValue)
        : this.#applyDelete(this.#idOf(change.key))
    );
    this.#options.onChange?.(applied);
  }

  #applyPut(keyValue: EtcdKeyValue): StoredChange<T> {
    const id = this.#idOf(keyValue.key);
    const before = this.#keys.get(id)?.value;
    return { id, before, value: this.put(keyValue).value, isDeleted: false };
  }

  #applyDelete(id: string): StoredChange<T> {
    const before = this.#keys.get(id)?.value;
    this.#keys.delete(id);
    return { id, before, value: undefined, isDeleted: true };
  }

  #idOf(key: string): string {
    return key.slice(this.#options.prefix.length);
  }
}

/**
 * Whether a key is stored as it is in etcd. The value is compared too: after a restore from a backup,
 * the same revision may have another one.
 */
export function isStored(
  stored: StoredKey<unknown> | undefined,
  { modRevision, value }: EtcdKeyValue,
): boolean {
  return stored?.revision === modRevision && stored.text === value;
}
