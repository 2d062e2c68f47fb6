import type { EtcdChange, EtcdKeyValue } from "../etcd/etcd_types.ts";
import type { KeyOwner } from "./key_owner.ts";

/** Hands what happens to keys to whoever owns the part of the prefix that they are in. */
export class KeyOwners implements KeyOwner {
  readonly #prefix: string;
  readonly #owners = new Map<KeyOwner, readonly string[]>();

  /** @param prefix What all keys begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Lets an owner have the keys of these parts, each of which ends with a slash. */
  add(parts: readonly string[], owner: KeyOwner): void {
    this.#owners.set(owner, parts.map((part) => this.#prefix + part));
  }

  /** Tells every owner all the keys that it has. Keys that nobody owns are nobody's business. */
  async reset(entries: readonly EtcdKeyValue[]): Promise<void> {
    for (const [owner, parts] of this.#owners) {
      await owner.reset(entries.filter(({ key }) => isIn(parts, key)));
    }
  }

  /** Tells the owners of keys that they have changed. */
  async change(changes: readonly EtcdChange[]): Promise<void> {
    for (const [owner, parts] of this.#owners) {
      const own = changes.filter((change) => isIn(parts, keyOf(change)));
      if (own.length > 0) await owner.change(own);
    }
  }
}

function isIn(parts: readonly string[], key: string): boolean {
  return parts.some((part) => key.startsWith(part));
}

function keyOf(change: EtcdChange): string {
  return change.type === "put" ? change.entry.key : change.key;
}
