import { drainSchema } from "../../config/settings_schema.ts";
import type { EtcdEntry } from "../etcd/etcd_types.ts";

interface Removal {
  readonly revision: number;
  readonly drain: number;
}

/** A removal as it stands in etcd. */
export function writeRemoval(drain: number): string {
  return JSON.stringify({ drain });
}

/**
 * For how long servers that were removed may go on with what they work on. A record of that is
 * written together with the removal, and is gone after a while.
 */
export class Removals {
  readonly #prefix: string;
  readonly #noted = new Map<string, Removal>();

  /** @param prefix What the keys of removals begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Remembers a record. One that cannot be used counts for nothing: the server is removed all the same. */
  note({ key, value, modRevision: revision }: EtcdEntry): void {
    const drain = readDrain(value);
    if (drain === undefined) this.forget(key);
    else this.#noted.set(key, { revision, drain });
  }

  /** A record is gone. */
  forget(key: string): void {
    this.#noted.delete(key);
  }

  /** All records are gone. */
  clear(): void {
    this.#noted.clear();
  }

  /**
   * For how long, in seconds; undefined for without a limit.
   *
   * @param url The server's URL in canonical form.
   * @param revision At which the server was last written: older records were for an earlier removal.
   */
  drain(url: string, revision: number): number | undefined {
    const removal = this.#noted.get(this.#prefix + url);
    return removal === undefined || removal.revision < revision ? undefined : removal.drain;
  }
}

function readDrain(value: string): number | undefined {
  try {
    return drainSchema.safeParse(JSON.parse(value)?.drain).data;
  } catch {
    return undefined;
  }
}
