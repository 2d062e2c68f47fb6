import { type EtcdChange, type EtcdKeyValue, keyOf } from "../etcd/etcd_types.ts";

/**
 * Receives the keys of one part of the prefix, such as `members/`. Calls are made one at a time: a
 * returned promise is awaited. Errors are logged.
 */
export interface KeyListener {
  /**
   * Receives every key there is: at the start, and after changes may have been missed. Keys that are
   * not among them no longer exist.
   */
  reset(keyValues: readonly EtcdKeyValue[]): void | Promise<void>;
  /** Receives changes in order: all those of one or more revisions, never a part of a revision. */
  change(changes: readonly EtcdChange[]): void | Promise<void>;
}

/** Passes keys to the listener of the part of the prefix that they are in; ignores other keys. */
export class KeyRouter implements KeyListener {
  readonly #prefix: string;
  readonly #listeners = new Map<KeyListener, readonly string[]>();

  /** @param prefix Prefix of all keys. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Adds a listener for parts of the prefix, each of which ends with a slash. */
  add(parts: readonly string[], listener: KeyListener): void {
    this.#listeners.set(listener, parts.map((part) => this.#prefix + part));
  }

  /** See {@linkcode KeyListener.reset}. */
  async reset(keyValues: readonly EtcdKeyValue[]): Promise<void> {
    for (const [listener, parts] of this.#listeners) {
      await listener.reset(keyValues.filter(({ key }) => isIn(parts, key)));
    }
  }

  /** See {@linkcode KeyListener.change}. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    for (const [listener, parts] of this.#listeners) {
      const relevant = changes.filter((change) => isIn(parts, keyOf(change)));
      if (relevant.length > 0) await listener.change(relevant);
    }
  }
}

function isIn(parts: readonly string[], key: string): boolean {
  return parts.some((part) => key.startsWith(part));
}
