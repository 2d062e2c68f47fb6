import type { Server } from "../core/server.ts";
import type { ServerStatus } from "../core/server_status.ts";
import { predictShares } from "../core/shares.ts";
import { checkPermitted } from "../net_permission.ts";
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

/** A change of one server. */
export interface Change {
  /** The server as it is; undefined for one that is not there yet. */
  readonly before: ServerStatus | undefined;
  /** The server as it would be; undefined for one that would be gone. */
  readonly after: Server | undefined;
}

/**
 * Tells what a change would come to, and makes none.
 *
 * @param target Whose server.
 * @param change The change, which was checked.
 * @throws {BalancerError} `not_permitted` for a new server that may not be connected to.
 */
export function dryRun(target: AdminTarget, { before, after }: Change): DryRunJson {
  if (before === undefined && after !== undefined) checkPermitted([after]);
  const servers = target.servers();
  const shares = new Map<string, ShareJson>();
  for (const [i, share] of predictShares(servers).entries()) {
    const { url, name } = servers[i]!;
    shares.set(url, { url, name, before: share, after: 0 });
  }
  const later = servers.flatMap((server) => {
    if (server.url !== before?.url) return [server];
    return after === undefined ? [] : [statusAfter(server, after)];
  });
  if (before === undefined && after !== undefined) later.push(statusOfNew(after));
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

/** A server whose checks are turned off counts as healthy from then on. */
function statusAfter(status: ServerStatus, after: Server): ServerStatus {
  const turnedOff = after.healthCheckPeriod === 0 && status.healthCheckPeriod !== 0;
  return { ...status, ...after, healthy: status.healthy || turnedOff };
}

/** A new server counts as healthy until it was checked. */
function statusOfNew(server: Server): ServerStatus {
  return { ...server, healthy: true, active: 0, ejection: undefined, lastCheck: undefined };
}
