import type { AdminCluster } from "../admin/target.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";

/**
 * The cluster that a balancer has joined, until it is disposed of. Servers are changed here and not
 * at the balancer: changes go to etcd, and from there to every balancer, this one included.
 */
export interface JoinedCluster extends AdminCluster, AsyncDisposable {
  /**
   * Removes the servers that etcd has lost and that are still in use, at every balancer.
   *
   * @returns Their URLs; empty if none are missing.
   * @throws {BalancerError} `closed`, `unavailable` if etcd cannot be reached, or `unconfirmed`.
   */
  acceptServers(): Promise<readonly string[]>;
  /**
   * Uses other credentials from the next request to etcd on, for example after a password was
   * changed. While etcd can be reached, they are tried before they replace those in use.
   *
   * @param credentials All of them: what is left out is no longer used.
   * @throws {BalancerError} `invalid` or `unsupported` for certificates that cannot be used.
   * @throws {Error} If etcd refuses them. The old ones stay in use, as after any error.
   */
  setCredentials(credentials: EtcdCredentials): Promise<void>;
  /**
   * Waits until etcd has been reached for the first time.
   *
   * @param signal Ends the wait.
   * @throws {Error} If etcd does not know the user or the password, or the user lacks a right.
   */
  join(signal?: AbortSignal): Promise<void>;
}
