import { drainSchema } from "../../config/settings_schema.ts";
import { KeyStore } from "./key_store.ts";

/** A removal as recorded in etcd. */
interface RemovalRecord {
  /** Drain time in seconds; undefined for no limit. */
  readonly drain: number | undefined;
}

/** A server's removal. */
export interface Removal extends RemovalRecord {
  /** Revision at which it was recorded, which is that of the removal. */
  readonly revision: number;
}

/**
 * Formats the record of a removal.
 *
 * @param drain Drain time in seconds; undefined for no limit.
 */
export function removalValue(drain: number | undefined): string {
  return JSON.stringify({ drain });
}

/**
 * Records of the servers that balancers have removed. A record is written together with the removal
 * and expires later: it shows every balancer that the server was removed rather than lost, and how
 * long to drain it. Invalid records are ignored.
 */
export class Removals extends KeyStore<RemovalRecord | undefined> {
  /** @param prefix Prefix of the records' keys. */
  constructor(prefix: string) {
    super({ prefix, parse: (_, text) => parseRemoval(text) });
  }

  /**
   * The record of a server's removal; undefined if there is none.
   *
   * @param url The server's canonical URL.
   * @param revision Revision at which the server was last written: older records are of an earlier
   * removal.
   */
  removal(url: string, revision: number): Removal | undefined {
    const stored = this.find(url);
    if (stored?.value === undefined || stored.revision < revision) return undefined;
    return { revision: stored.revision, drain: stored.value.drain };
  }
}

function parseRemoval(text: string): RemovalRecord | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) return undefined;
  const { drain } = record as { drain?: unknown };
  if (drain === undefined) return { drain };
  const { data } = drainSchema.safeParse(drain);
  return data === undefined ? undefined : { drain: data };
}
