import type { AdminTarget } from "../admin/target.ts";
import type { RegistryReport } from "../model/registry_report.ts";
import type { EtcdCredentials } from "./etcd/etcd_options.ts";

/** A balancer that shares its servers, until it is disposed of. */
export interface SharedBalancer extends AdminTarget, AsyncDisposable {
  /** Whether etcd can be reached, and what it has that is not used here. */
  readonly registry: RegistryReport;
  /**
   * Removes the servers that etcd has lost and that are still in use, at every balancer.
   *
   * @returns Their URLs; none where nothing is missing.
   * @throws {BalancerError} `closed`, `unavailable` if etcd cannot be reached, or `unconfirmed`.
   */
  acceptServers(): Promise<readonly string[]>;
  /**
   * Asks etcd with other credentials from the next request on, for example after a password was
   * changed. While etcd is reached with those in use, the new ones are tried first.
   *
   * @param credentials All of them: what is left out is no longer used.
   * @throws {BalancerError} `invalid` or `unsupported` for certificates that cannot be used.
   * @throws {Error} If etcd cannot be asked with them. The old ones stay, as after any error.
   */
  setCredentials(credentials: EtcdCredentials): Promise<void>;
  /**
   * Waits until etcd was reached for the first time.
   *
   * @param signal Ends the wait.
   * @throws {Error} If etcd does not know the user or the password, or the user lacks a right.
   */
  join(signal?: AbortSignal): Promise<void>;
}
