import { checkKeys, type KnownKeys } from "../config/known_keys.ts";
import type { ServerInit } from "../model/server.ts";
import type { LoadBalancer } from "../balancer/load_balancer.ts";
import { createEtcd } from "./etcd/etcd_client.ts";
import type { EtcdCertificate, EtcdOptions } from "./etcd/etcd_options.ts";
import type { ClusterOptions } from "./cluster_options.ts";
import type { JoinedCluster } from "./joined_cluster.ts";
import { SharedRegistry } from "./shared_registry.ts";

/** How a balancer joins those that share their servers through etcd. */
export interface JoinOptions extends EtcdOptions {
  /**
   * What every key begins with, at most 200 ASCII characters: another one for each fleet that uses
   * the same etcd. Default: `/ballast/`.
   */
  readonly prefix?: string;
  /** The servers to begin with, where etcd has none yet. Default: none. */
  readonly seed?: readonly ServerInit[];
  /**
   * For how long etcd must have been without servers that no balancer has deleted before they are
   * removed here, in seconds, 0 to 86400: where all of them are gone, or more than half at once. With
   * 0, they are removed at once. Default: 30.
   */
  readonly distrust?: number;
  /** What this balancer is to the others: its name, and whether they share their health checks. */
  readonly fleet?: ClusterOptions;
  /**
   * Whether to wait until etcd is reached. If not, the balancer goes on with the servers that it has
   * until then. Default: true.
   */
  readonly wait?: boolean;
  /** Ends the wait. Default: none. */
  readonly signal?: AbortSignal;
}

const OPTION_NAMES: KnownKeys<JoinOptions> = {
  ...{ endpoints: true, user: true, ca: true, certificate: true, fetch: true, clock: true },
  ...{ prefix: true, seed: true, distrust: true, fleet: true, wait: true, signal: true },
};
const USER_NAMES: KnownKeys<NonNullable<EtcdOptions["user"]>> = { name: true, password: true };
const CERTIFICATE_NAMES: KnownKeys<EtcdCertificate> = { cert: true, key: true };

/**
 * Lets a balancer share its servers with others through etcd 3.4 or newer. From then on it has the
 * servers that etcd has, and no others; where etcd has none yet, one of the balancers writes those
 * that it is given. While etcd is away, traffic and health checks go on with what is known, changes
 * are refused with `unavailable`, and etcd is tried until it is back.
 *
 * @param balancer The balancer. Its servers are not to be changed directly any more.
 * @param options Where etcd is, and what to begin with.
 * @returns The cluster: change servers there, pass it to `createAdmin` as `cluster`, and dispose of
 * it before the balancer is closed.
 * @throws {BalancerError} `invalid` or `already_exists` if the options cannot be used; `unsupported`
 * for certificates on a runtime that cannot use any.
 * @throws {Error} If etcd does not know the user or the password, or the user lacks a right; what
 * the signal says if that ends the wait.
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
  const etcd = createEtcd(options);
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
