import type { DiscoveryReport } from "../model/discovery.ts";
import { type ServerJson, serverJson } from "./server_json.ts";

/** An address that an entry has found, as the admin API writes it. */
export interface FoundAddressJson {
  /** The URL of the server at this address. */
  readonly url: string;
  /** The name that has the address. */
  readonly source: string;
  /** Why it is not a server of the entry; null if it is. */
  readonly problem: string | null;
}

/** An entry and what it has found, as the admin API writes it. */
export interface DiscoveryJson extends ServerJson {
  /** What it has found. */
  readonly addresses: readonly FoundAddressJson[];
  /** When the latest lookup was over, as RFC 3339; null before the first. */
  readonly last_lookup: string | null;
  /** When the next one will be, as RFC 3339; null while one is under way. */
  readonly next_lookup: string | null;
  /** What is wrong with the latest lookup; null where nothing is. */
  readonly error: string | null;
}

/** An entry and what it has found as JSON. */
export function discoveryJson(report: DiscoveryReport): DiscoveryJson {
  const { entry, servers, lastLookup, nextLookup, error } = report;
  return {
    ...serverJson(entry),
    addresses: servers.map(({ found, url, problem }) => ({
      url,
      source: found.source,
      problem: problem ?? null,
    })),
    last_lookup: lastLookup?.toISOString() ?? null,
    next_lookup: nextLookup?.toISOString() ?? null,
    error: error ?? null,
  };
}
