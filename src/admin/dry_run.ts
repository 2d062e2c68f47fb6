import { z } from "zod";
import { isDiscovered } from "../model/discovery.ts";
import type { Server } from "../model/server.ts";
import type { ServerStatus } from "../model/server_status.ts";
import { predictShares } from "../model/shares.ts";
import { expandSource } from "../discovery/dns_expansion.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import type { Answer } from "./operation.ts";
import { SERVER, serverJson } from "./server_json.ts";
import type { AdminTarget } from "./target.ts";

const share = z.number().min(0).max(1);

/** Effect of a change that was not made. */
export const DRY_RUN = z.object({
  dry_run: z.literal(true),
  before: SERVER.nullable().describe("The server as it is; null if the change would add it"),
  after: SERVER.nullable().describe("The server after the change; null if it would be deleted"),
  shares: z.array(z.object({
    url: z.string(),
    name: z.string(),
    before: share.describe("Its share of the requests now"),
    after: share.describe("Its share after the change"),
  })).describe("All servers before and after the change"),
}).meta({ id: "DryRun" });

/** Answer of a change: the server, or the effect with `dry_run`. */
export const CHANGED = z.union([SERVER, DRY_RUN]);

/** Effect of a change that was not made as JSON. */
export type DryRunJson = Answer<typeof DRY_RUN>;

/** Change of one server, or of one source of servers. */
export interface Change {
  /** The server as it is; undefined if the change adds it. */
  readonly before: Server | undefined;
  /** The server after the change; undefined if the change deletes it. */
  readonly after: Server | undefined;
}

/**
 * Predicts the effect of a change without making it.
 *
 * @param target The balancer.
 * @param change The change, already checked. The addresses of a new source are not looked up.
 * @throws {BalancerError} `not_permitted` for a new server to which Ballast may not connect;
 * `discovered` for a discovered server.
 */
export function dryRun({ balancer }: AdminTarget, { before, after }: Change): DryRunJson {
  if (before?.discoveredBy !== undefined && before !== after) {
    throw isDiscovered(before.url, before.discoveredBy);
  }
  const added = before === undefined && after?.discover === undefined ? after : undefined;
  if (added !== undefined) checkPermitted([added]);
  const servers = balancer.servers();
  const shares = new Map<string, DryRunJson["shares"][number]>();
  for (const [i, share] of predictShares(servers).entries()) {
    const { url, name } = servers[i]!;
    shares.set(url, { url, name, before: share, after: 0 });
  }
  const changes = changesOf(balancer, { before, after });
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

/** The servers that a change affects, by URL, as they are after it; undefined if they are gone. */
function changesOf(
  balancer: AdminTarget["balancer"],
  { before, after }: Change,
): Map<string, Server | undefined> {
  if (before?.discover === undefined) return new Map(before ? [[before.url, after]] : []);
  const { servers = [] } = balancer.discovery().find(({ source }) => source.url === before.url) ??
    {};
  const own = servers.filter(({ problem }) => problem === undefined);
  return new Map(own.map(({ url, found }) => [url, after && expandSource(after, found)]));
}

/** A server counts as healthy once its checks are turned off. */
function statusAfter(status: ServerStatus, after: Server): ServerStatus {
  const turnedOff = after.healthCheckPeriod === 0 && status.healthCheckPeriod !== 0;
  return { ...status, ...after, healthy: status.healthy || turnedOff };
}

/** A new server counts as healthy until its first check. */
function statusOfNew(server: Server): ServerStatus {
  return { ...server, healthy: true, active: 0, ejection: undefined, lastCheck: undefined };
}
