import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { JoinedCluster } from "../../cluster/mod.ts";
import type { EtcdSettings } from "../../config/config.ts";
import type { ServerInit } from "../../model/server.ts";
import { checkPermitted } from "../../runtime/net_permission.ts";
import type { Reload } from "../../runtime/signals.ts";
import { CommandError } from "../errors.ts";
import { readEtcdFiles, reloadEtcdFiles } from "../files/etcd_files.ts";
import type { Say } from "../output/print.ts";

/** The file with the host name on Linux; in a container, that of the container or pod. */
const HOST_NAME_FILE = "/etc/hostname";

/** Options of {@linkcode shareServers}. */
export interface Sharing {
  /** The connection to etcd. */
  readonly settings: EtcdSettings;
  /** The servers for an empty etcd. */
  readonly seed: readonly ServerInit[];
  /** The URL of the admin API. */
  readonly admin: string;
  /** Ends the wait for etcd. */
  readonly stop: Promise<Deno.Signal>;
  /** Reports progress. */
  readonly say: Say;
  /** The actions of SIGHUP, to which reloading the credentials is added. */
  readonly reloads: Reload[];
}

/**
 * Shares the servers of a balancer through etcd. Waits until etcd is reachable, unless that is
 * optional.
 *
 * @returns The shared balancer; undefined if the program was asked to stop meanwhile.
 * @throws {CommandError} If a file cannot be read, or etcd refuses the user.
 */
export async function shareServers(
  balancer: LoadBalancer,
  { settings, seed, admin, stop, say, reloads }: Sharing,
): Promise<JoinedCluster | undefined> {
  const { endpoints, prefix, distrust, optional = false, sharedHealth } = settings;
  checkPermitted(endpoints.map((url) => ({ url })));
  const waiting = new AbortController();
  stop.then(() => waiting.abort());
  const files = await readEtcdFiles(settings);
  // Loaded here because nothing else needs it.
  const { DEFAULT_PREFIX, joinEtcd } = await import("../../cluster/mod.ts");
  const shared = await joinEtcd(balancer, {
    endpoints,
    ...files,
    ...(prefix === undefined ? {} : { prefix }),
    seed,
    ...(distrust === undefined ? {} : { distrust }),
    fleet: { name: settings.name ?? await hostName(), admin, sharedHealth },
    // Waits below, once SIGHUP reloads the credentials.
    wait: false,
  });
  reloads.push(reloadEtcdFiles(settings, files, { shared, say }));
  try {
    if (!optional) await shared.join(waiting.signal);
  } catch (error) {
    await shared[Symbol.asyncDispose]();
    if (!(error instanceof Error) || error.name !== "EtcdError") throw error;
    throw new CommandError(`Cannot share the servers: ${error.message}`);
  }
  if (waiting.signal.aborted) {
    await shared[Symbol.asyncDispose]();
    say(`${await stop}: stopped waiting for etcd`);
    return undefined;
  }
  say(`Sharing servers through etcd under ${prefix ?? DEFAULT_PREFIX}`);
  return shared;
}

/**
 * The host name, if its file is readable. Asking the system for it would need a permission that the
 * program otherwise does without.
 */
async function hostName(): Promise<string | undefined> {
  const { state } = await Deno.permissions.query({ name: "read", path: HOST_NAME_FILE });
  if (state !== "granted") return undefined;
  try {
    return /^[!-~]{1,255}/.exec((await Deno.readTextFile(HOST_NAME_FILE)).trim())?.[0];
  } catch {
    return undefined;
  }
}
