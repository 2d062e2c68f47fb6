import type { Server } from "./server.ts";

/** The difference between two sets of servers. */
export interface ServerDiff {
  /** Servers that are only in the new set, in its order. */
  readonly added: readonly Server[];
  /** Servers that are in both sets but with different fields, in their new version. */
  readonly changed: readonly Server[];
  /** Servers that are only in the old set. */
  readonly removed: readonly Server[];
}

/**
 * Compares two sets of servers by their URLs.
 *
 * @param before The current servers.
 * @param after The wanted servers.
 */
export function diffServers(before: readonly Server[], after: readonly Server[]): ServerDiff {
  const old = new Map(before.map((server) => [server.url, server]));
  const urls = new Set(after.map((server) => server.url));
  return {
    added: after.filter((server) => !old.has(server.url)),
    changed: after.filter((server) => {
      const same = old.get(server.url);
      return same !== undefined && !isSame(same, server);
    }),
    removed: before.filter((server) => !urls.has(server.url)),
  };
}

/** Whether two servers have the same fields. */
export function isSame(one: Server, other: Server): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof Server)[];
  return names.every((name) => one[name] === other[name]);
}
