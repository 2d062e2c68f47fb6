import type { AdminCluster } from "../admin/target.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";

/**
 * The cluster that a balancer has joined; disposing of it leaves the cluster. Change servers here,
 * not on the balancer: changes go to etcd, and from there to every balancer, including this one.
 */
export interface JoinedCluster extends AdminCluster, AsyncDisposable {
  /**
   * Removes the servers that etcd has lost and that are still in use, from every balancer.
   *
   * @returns Their URLs; empty if none are missing.
   * @throws {BalancerError} `closed`, `unavailable` if etcd cannot be reached, or `unconfirmed`.
   */
  acceptServers(): Promise<readonly string[]>;
  /**
   * Uses other credentials from the next request to etcd on, for example after a password change.
   * If etcd is reachable, they are tried first.
   *
   * @param credentials The complete new credentials; omitted ones are no longer used.
   * @throws {BalancerError} `invalid` or `unsupported` for certificates that cannot be used.
   * @throws {Error} If etcd rejects them. After any error, the old ones stay in use.
   */
  setCredentials(credentials: EtcdCredentials): Promise<void>;
  /**
   * Waits for the first connection to etcd.
   *
   * @param signal Ends the wait.
   * @throws {Error} If etcd rejects the user or the password, or the user lacks permissions.
   */
  join(signal?: AbortSignal): Promise<void>;
}
