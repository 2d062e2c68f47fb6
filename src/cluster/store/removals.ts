import { drainSchema } from "../../config/settings_schema.ts";
import type { EtcdKeyValue } from "../etcd/etcd_types.ts";

/** A record of a removal. */
export interface Removal {
  /** The revision at which it was written: that of the removal. */
  readonly revision: number;
  /** For how long the server may go on with what it works on, in seconds; undefined for ever. */
  readonly drain: number | undefined;
}

/**
 * A removal as it stands in etcd.
 *
 * @param drain For how long the server may go on, in seconds; undefined for ever.
 */
export function writeRemoval(drain: number | undefined): string {
  return JSON.stringify({ drain });
}

/**
 * The servers that were removed by a balancer, and for how long they may go on with what they work
 * on. A record of that is written together with the removal, and is gone after a while: by it, every
 * balancer knows that the server has not just been lost.
 */
export class Removals {
  readonly #prefix: string;
  readonly #noted = new Map<string, Removal>();

  /** @param prefix What the keys of removals begin with. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Remembers a record. One that cannot be used counts for nothing. */
  note({ key, value, modRevision: revision }: EtcdKeyValue): void {
    const removal = readRemoval(value);
    if (removal === undefined) this.forget(key);
    else this.#noted.set(key, { revision, drain: removal.drain });
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
   * The record of the server's removal; undefined if there is none.
   *
   * @param url The server's URL in canonical form.
   * @param revision At which the server was last written: older records were for an earlier removal.
   */
  find(url: string, revision: number): Removal | undefined {
    const removal = this.#noted.get(this.#prefix + url);
    return removal === undefined || removal.revision < revision ? undefined : removal;
  }

  /** For how long, in seconds; undefined for without a limit. See {@linkcode Removals.find}. */
  drain(url: string, revision: number): number | undefined {
    return this.find(url, revision)?.drain;
  }
}

function readRemoval(value: string): { readonly drain: number | undefined } | undefined {
  let record: unknown;
  try {
    record = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) return undefined;
  const { drain } = record as { drain?: unknown };
  if (drain === undefined) return { drain };
  const { data } = drainSchema.safeParse(drain);
  return data === undefined ? undefined : { drain: data };
}
