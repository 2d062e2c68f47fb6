import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import type { ServerInit } from "../model/server.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { EtcdClient } from "./etcd/etcd_client.ts";
import type { EtcdCertificate, EtcdOptions } from "./etcd/etcd_options.ts";
import type { ClusterOptions } from "./cluster_options.ts";
import type { JoinedCluster } from "./joined_cluster.ts";
import { SharedRegistry } from "./shared_registry.ts";

/** Options of {@linkcode joinEtcd}. */
export interface JoinOptions extends EtcdOptions {
  /**
   * Prefix of all keys, at most 200 ASCII characters: a different one for each cluster that uses the
   * same etcd. Default: `/ballast/`.
   */
  readonly prefix?: string;
  /** Initial servers, written if etcd has none yet. Default: none. */
  readonly seed?: readonly ServerInit[];
  /**
   * Seconds to keep using servers that etcd has lost, 0 to 86400, if all or more than half of them
   * disappeared at once without being deleted through Ballast; 0 removes them at once. Default: 30.
   */
  readonly distrust?: number;
  /** The balancer's name in the cluster, and whether it shares health checks. */
  readonly fleet?: ClusterOptions;
  /**
   * Whether to wait for the first connection to etcd. If not, the balancer uses its own servers
   * until then. Default: true.
   */
  readonly wait?: boolean;
  /** Aborts the wait. Default: none. */
  readonly signal?: AbortSignal;
}

const OPTION_NAMES: KnownKeys<JoinOptions> = {
  ...{ endpoints: true, user: true, ca: true, certificate: true, fetch: true, clock: true },
  ...{ prefix: true, seed: true, distrust: true, fleet: true, wait: true, signal: true },
};
const USER_NAMES: KnownKeys<NonNullable<EtcdOptions["user"]>> = { name: true, password: true };
const CERTIFICATE_NAMES: KnownKeys<EtcdCertificate> = { cert: true, key: true };

/**
 * Shares a balancer's servers with other balancers through etcd 3.4 or newer. From then on, the
 * balancer has exactly the servers in etcd; if etcd has none yet, the first balancer writes its
 * seed. While etcd is unreachable, traffic and health checks continue with the known servers,
 * changes fail with `unavailable`, and the connection is retried.
 *
 * @param balancer The balancer. From now on, change its servers through the cluster only.
 * @param joinOptions The endpoints of etcd, and the initial servers.
 * @returns The cluster: change servers there, pass it to `createAdmin` as `cluster`, and dispose of it
 * before closing the balancer.
 * @throws {BalancerError} `invalid` or `already_exists` for invalid options; `unsupported` if the
 * runtime does not support certificates.
 * @throws {Error} If etcd rejects the user or the password, or the user lacks permissions. If the
 * signal aborts the wait, its reason is thrown.
 *
 * @example Join a cluster and add a server to all of its balancers
 * ```ts ignore
 * import { LoadBalancer } from "@ballast/lb";
 * import { joinEtcd } from "@ballast/lb/etcd";
 *
 * await using balancer = new LoadBalancer();
 * await using cluster = await joinEtcd(balancer, { endpoints: ["http://10.0.0.1:2379"] });
 * await cluster.add({ url: "http://127.0.0.1:3001" });
 * ```
 */
export async function joinEtcd(
  balancer: LoadBalancer,
  joinOptions: JoinOptions,
): Promise<JoinedCluster> {
  checkKeys("the options", [
    { at: "", value: joinOptions ?? null, known: OPTION_NAMES },
    { at: "user", value: joinOptions?.user, known: USER_NAMES },
    { at: "certificate", value: joinOptions?.certificate, known: CERTIFICATE_NAMES },
  ]);
  const { prefix, seed, distrust, fleet = {}, wait = true, signal, ...options } = joinOptions;
  const etcd = new EtcdClient(options);
  let registry: SharedRegistry;
  try {
    registry = new SharedRegistry(balancer, {
      etcd,
      ...(prefix === undefined ? {} : { prefix }),
      ...(seed === undefined ? {} : { seed }),
      ...(distrust === undefined ? {} : { distrust }),
      fleet,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
  } catch (error) {
    etcd[Symbol.dispose]();
    throw error;
  }
  try {
    const joined = registry.join(signal);
    if (wait) await joined;
    else joined.catch(() => {});
    signal?.throwIfAborted();
    return registry;
  } catch (error) {
    await registry[Symbol.asyncDispose]();
    throw error;
  }
}
