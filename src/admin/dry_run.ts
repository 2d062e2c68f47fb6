import { isDiscovered } from "../model/discovery.ts";
import type { Server } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { predictShares } from "../model/shares.ts";
import { expandEntry } from "../discovery/dns_expansion.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import { type ServerJson, serverJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

/** The share of the requests that a server is expected to get, 0 to 1. */
export interface ShareJson {
  /** The server's URL in canonical form. */
  readonly url: string;
  /** Its name, after the change. */
  readonly name: string;
  /** Its share now; 0 for a server that is not there yet. */
  readonly before: number;
  /** Its share after the change; 0 for a server that is gone then. */
  readonly after: number;
}

/** What a change would come to that was not made, as the admin API writes it. */
export interface DryRunJson {
  /** That nothing has changed. */
  readonly dry_run: true;
  /** The server as it is; null for one that is not there yet. */
  readonly before: ServerJson | null;
  /** The server as it would be; null for one that would be gone. */
  readonly after: ServerJson | null;
  /** The shares of all servers that are there, or would be. */
  readonly shares: readonly ShareJson[];
}

/** A change of one server, or of one entry. */
export interface Change {
  /** The server as it is; undefined for one that is not there yet. */
  readonly before: Server | undefined;
  /** The server as it would be; undefined for one that would be gone. */
  readonly after: Server | undefined;
}

/**
 * Tells what a change would come to, and makes none.
 *
 * @param target Whose server.
 * @param change The change, which was checked. What a new entry would find is not known.
 * @throws {BalancerError} `not_permitted` for a new server that may not be connected to; `discovered`
 * for one that an entry has found.
 */
export function dryRun(target: AdminTarget, { before, after }: Change): DryRunJson {
  if (before?.discoveredBy !== undefined && before !== after) {
    throw isDiscovered(before.url, before.discoveredBy);
  }
  const added = before === undefined && after?.discover === undefined ? after : undefined;
  if (added !== undefined) checkPermitted([added]);
  const servers = target.balancer.servers();
  const shares = new Map<string, ShareJson>();
  for (const [i, share] of predictShares(servers).entries()) {
    const { url, name } = servers[i]!;
    shares.set(url, { url, name, before: share, after: 0 });
  }
  const changes = changesOf(target, { before, after });
  const later = servers.flatMap((server) => {
    if (!changes.has(server.url)) return [server];
    const changed = changes.get(server.url);
    return changed === undefined ? [] : [statusAfter(server, changed)];
  });
  if (added !== undefined) later.push(statusOfNew(added));
  for (const [i, share] of predictShares(later).entries()) {
    const { url, name } = later[i]!;
    shares.set(url, { url, name, before: shares.get(url)?.before ?? 0, after: share });
  }
  return {
    dry_run: true,
    before: before === undefined ? null : serverJson(before),
    after: after === undefined ? null : serverJson(after),
    shares: [...shares.values()],
  };
}

/** What becomes of servers that are there, by their URLs; undefined for those that are gone then. */
function changesOf(
  target: AdminTarget,
  { before, after }: Change,
): Map<string, Server | undefined> {
  if (before?.discover === undefined) return new Map(before ? [[before.url, after]] : []);
  const { servers = [] } =
    target.balancer.discovery().find(({ entry }) => entry.url === before.url) ?? {};
  const own = servers.filter(({ problem }) => problem === undefined);
  return new Map(own.map(({ url, found }) => [url, after && expandEntry(after, found)]));
}

/** A server whose checks are turned off counts as healthy from then on. */
function statusAfter(status: ServerStatus, after: Server): ServerStatus {
  const turnedOff = after.healthCheckPeriod === 0 && status.healthCheckPeriod !== 0;
  return { ...status, ...after, healthy: status.healthy || turnedOff };
}

/** A new server counts as healthy until it was checked. */
function statusOfNew(server: Server): ServerStatus {
  return { ...server, healthy: true, active: 0, ejection: undefined, lastCheck: undefined };
}
