import type { LoadBalancer } from "../../balancer/load_balancer.ts";
import type { JoinedCluster } from "../../cluster/mod.ts";
import type { EtcdSettings } from "../../config/config.ts";
import type { ServerInit } from "../../model/server.ts";
import { checkPermitted } from "../../runtime/net_permission.ts";
import { CommandError } from "../errors.ts";
import { EtcdFilesReload, readEtcdFiles } from "../files/etcd_files.ts";
import type { Reload } from "../signals.ts";
import type { Say } from "./logs.ts";

/** Where Linux keeps the host's name: in a container, that of the container or pod. */
const HOST_NAME_FILE = "/etc/hostname";

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
  const { DEFAULT_PREFIX, joinEtcd } = await import("../../cluster/mod.ts");
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

/**
 * The host's name, as far as it can be had: asking the system for it would need a permission that
 * the program does without. Undefined where it cannot.
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
