import type { EtcdSettings, LoadBalancer, ServerInit } from "../../mod.ts";
import type { JoinedCluster } from "../cluster/mod.ts";
import { checkPermitted } from "../runtime/net_permission.ts";
import { CommandError } from "./errors.ts";
import { EtcdFilesReload, readEtcdFiles } from "./etcd_files.ts";
import { hostName } from "./host_name.ts";
import type { Reload } from "./hangup_signal.ts";
import type { Say } from "./logs.ts";

/** What is shared, and until when that is waited for. */
export interface Sharing {
  /** Through which etcd. */
  readonly settings: EtcdSettings;
  /** The servers to begin with, where etcd has none. */
  readonly seed: readonly ServerInit[];
  /** The URL of the admin API. */
  readonly admin: string;
  /** Ends the wait for etcd. */
  readonly stop: Promise<Deno.Signal>;
  /** What tells people how it goes. */
  readonly say: Say;
  /** What SIGHUP does: the files for etcd are read again as soon as they are in use. */
  readonly reloads: Reload[];
}

/**
 * Lets a balancer share its servers through etcd. While etcd is away it is waited for, unless the
 * settings say otherwise.
 *
 * @param balancer The balancer.
 * @param sharing What is shared.
 * @returns What is steered in place of the balancer; undefined if the program was asked to stop meanwhile.
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
  // Loaded here, so that nobody else has to.
  const { DEFAULT_PREFIX, joinEtcd } = await import("../cluster/mod.ts");
  const shared = await joinEtcd(balancer, {
    endpoints,
    ...files,
    ...(prefix === undefined ? {} : { prefix }),
    seed,
    ...(distrust === undefined ? {} : { distrust }),
    fleet: { name: settings.name ?? await hostName(), admin, sharedHealth },
    // Below, where the files can be read again meanwhile.
    wait: false,
  });
  const reload = new EtcdFilesReload(settings, files, { shared, say });
  reloads.push(() => reload.reload());
  try {
    if (!optional) await shared.join(waiting.signal);
  } catch (error) {
    await shared[Symbol.asyncDispose]();
    if (!(error instanceof Error) || error.name !== "EtcdError") throw error;
    throw new CommandError(`Cannot share the servers: ${error.message}`);
  }
  if (waiting.signal.aborted) {
    await shared[Symbol.asyncDispose]();
    say(`${await stop}: etcd was not reached`);
    return undefined;
  }
  say(`Sharing the servers through etcd, under ${prefix ?? DEFAULT_PREFIX}`);
  return shared;
}
