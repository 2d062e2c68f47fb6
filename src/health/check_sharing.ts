import type { Server } from "../model/server.ts";
import type { HealthCheck } from "../model/settings.ts";

/** Another balancer's result for a server. */
export interface RemoteResult {
  /** Whether the server is healthy. */
  readonly healthy: boolean;
  /** Result of the check, for display. */
  readonly detail: string;
  /** Name of the balancer that checks the server. */
  readonly by: string;
  /** Time of that balancer's last heartbeat, by this one's clock. */
  readonly at: Date;
}

/**
 * The balancer that checks a server: this one (`self`), another one without a result yet (`pending`:
 * the server's health does not change), or another one with a result.
 */
export type CheckOwner = "self" | "pending" | RemoteResult;

/** Result of a check by this balancer. */
export interface CheckResult {
  /** Whether the server is healthy after the check. */
  readonly healthy: boolean;
  /** Whether the check passed. */
  readonly passed: boolean;
  /** The server's response, or why there was none, for display. */
  readonly detail: string;
}

/**
 * Shares health checks among several balancers: it assigns each server's checks to an owner,
 * publishes this balancer's results, and provides those of the others.
 */
export interface CheckSharing {
  /**
   * Called once, before any other method.
   *
   * @param check This balancer's health check.
   * @param review Must be called with the URLs of servers whose owner or result may have changed.
   */
  begin(check: HealthCheck, review: (urls: Iterable<string>) => void): void;
  /** Called when this balancer's health check has changed. */
  changeCheck(check: HealthCheck): void;
  /**
   * Returns the owner of a server's checks.
   *
   * @param server A server whose checks are enabled.
   * @param isOwn Whether this balancer currently checks it.
   */
  owner(server: Server, isOwn: boolean): CheckOwner;
  /**
   * Called with the result of each check by this balancer as the owner.
   *
   * @returns Whether to repeat the check soon, because the result must be confirmed before it is
   * published.
   */
  onResult(server: Server, result: CheckResult): boolean;
  /** Called when this balancer, as the owner, could not run a check for a local reason. */
  cannotCheck(server: Server): void;
  /** Called when a server needs no more checks. */
  forget(url: string): void;
}
